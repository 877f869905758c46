//! DHCPv4 failover lease arithmetic: times, binding status, conflict rules, pool balance
