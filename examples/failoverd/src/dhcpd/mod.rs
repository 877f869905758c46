//! The files of ISC dhcpd, for those who move off it: `dhcpd.leases` is read here, in the syntax that
//! it shares with `dhcpd.conf`.

pub mod leases;
pub mod syntax;
