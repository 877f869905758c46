//! Tests of the codec through its public interface.

mod captures;
mod describe;
mod dialects;
mod digest;
mod errors;
mod framing;
mod malformed;
mod properties;
mod round_trip;
mod rules;
mod strategies;
mod support;
mod windows;
