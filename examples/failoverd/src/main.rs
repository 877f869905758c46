//! A DHCPv4 server with failover.
fn main() {}
