//! The files of ISC dhcpd, for those who move off it.

pub mod convert;
pub mod import;
pub mod leases;
pub mod syntax;
