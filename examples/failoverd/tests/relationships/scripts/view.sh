# All failover relationships of a server.
failoverctl --server "$SOCKET" get
