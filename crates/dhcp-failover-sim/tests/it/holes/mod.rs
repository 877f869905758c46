//! Holes of the draft (`H` of our list), each as a story.

mod states;
mod wire;
