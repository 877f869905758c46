//! The DHCP failover relationship as Windows models it: fields, limits, operations, errors
