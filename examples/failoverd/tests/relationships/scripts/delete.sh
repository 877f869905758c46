# A relationship is deleted; its scopes stay.
failoverctl --server "$SOCKET" remove --name dc1-dhcp1 --force
failoverctl --server "$SOCKET" get | grep -c Name
