//! The parts of `failoverd`.
