//! DHCPv4 failover messages: bytes to typed messages and back, in the dialects of draft-12, ISC dhcpd and Windows
