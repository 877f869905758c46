//! The files of ISC dhcpd, for those who move off it.

pub mod convert;
pub mod leases;
pub mod syntax;
