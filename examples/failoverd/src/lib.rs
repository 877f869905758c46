//! The parts of `failoverd`.

pub mod dhcp;
