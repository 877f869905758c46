//! Tests of the capture reader through its public interface.

mod captures;
mod containers;
mod reassembly;
mod support;
mod tshark;
