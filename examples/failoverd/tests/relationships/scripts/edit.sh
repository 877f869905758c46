# The share of the local server becomes 70 percent.
failoverctl --server "$SOCKET" set --name "dhcp1-dc1 load balance" --load-balance-percent 70
failoverctl --server "$SOCKET" get --name "dhcp1-dc1 load balance" | grep -v State
