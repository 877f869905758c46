//! The relationship model by its behaviour, one module for each part.

#![allow(missing_docs, reason = "tests")]

mod operations;
mod pair;
