//! Holes of the draft (`H` of our list), each as a story.

mod addresses;
mod states;
mod times;
mod wire;
