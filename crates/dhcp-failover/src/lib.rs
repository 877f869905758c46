//! DHCPv4 failover (draft-ietf-dhc-failover-12) for DHCP servers: every library of the family under one name
