//! RFC 3074 load balancing for DHCP: the hash, the client key and the hash-bucket map
