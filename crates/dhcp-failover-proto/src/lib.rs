//! The sans-io DHCPv4 failover endpoint (draft-ietf-dhc-failover-12)
