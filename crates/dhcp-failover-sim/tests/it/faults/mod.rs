//! Faults that another implementation is known for (`isc-` of our list), each as a story of a pair, or
//! of one endpoint and a partner that says what the test has it say.

mod connections;
mod copies;
mod leases;
mod memory;
mod pools;
mod states;
mod updates;
