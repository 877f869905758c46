//! Deterministic simulation of DHCP failover pairs, for tests
