//! For each clause of the reference a trace that breaks it, and the section it names.

mod links;
mod states;
mod updates;
