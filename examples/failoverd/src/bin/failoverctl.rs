//! Operator tool for `failoverd`.
fn main() {}
