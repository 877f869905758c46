//! Stories of two failover servers, in virtual time. One file per theme.

mod contact;
mod soak;
