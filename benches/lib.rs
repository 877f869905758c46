//! Benchmarks live in the `benches` folder of this package.
