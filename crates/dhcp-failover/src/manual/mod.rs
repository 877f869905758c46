//! The manual: chapters to be read in order, with examples that run.
//!
//! | chapter | what it answers |
//! |---|---|
//! | [`_01_concepts`] | what failover is, which words it uses, what it promises and what not |
//! | [`_02_embedding`] | how a server drives an endpoint: the loop, the links, the packet path |
//! | [`_03_durability`] | what must be on disk before what leaves, and what to do when a write fails |
//! | [`_04_clocks`] | the three clocks and where each comes from |
//! | [`_05_limits`] | what is not there yet |
//!
//! "§" means a section of draft-ietf-dhc-failover-12. Programs to run are in `examples/cookbook` of
//! the repository, a whole server is in `examples/failoverd`.

pub mod _01_concepts;
pub mod _02_embedding;
pub mod _03_durability;
pub mod _04_clocks;
pub mod _05_limits;
