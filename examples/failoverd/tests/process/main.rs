//! Real server processes, talked to over loopback as clients, relay agents and partners do.
//!
//! No privileges are needed. Random tests print their seed; `FAILOVERD_TEST_SEED` repeats it.

mod admin_api;
mod bad_frames;
mod bad_packets;
mod commands;
mod crash;
mod crash_pair;
mod demo;
mod explain;
mod hub;
mod import;
mod orders;
mod single;
mod support;
mod windows;
