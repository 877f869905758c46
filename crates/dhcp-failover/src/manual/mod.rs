//! The manual: chapters to be read in order, with examples that run.
//!
//! | chapter | what it answers |
//! |---|---|
//! | [`_01_concepts`] | what failover is, which words it uses, what it promises and what not |
//! | [`_02_embedding`] | how a server drives an endpoint: the loop, the links |
//! | [`_03_packet_path`] | may I serve, which address, how long; what else goes with a lease |
//! | [`_04_durability`] | what must be on disk before what leaves, and what to do when a write fails |
//! | [`_05_clocks`] | the three clocks and where each comes from |
//! | [`_06_operating`] | what an operator sees and orders |
//! | [`_07_interoperability`] | pairing with ISC dhcpd, moving off it, and other partners |
//! | [`_08_defaults`] | every setting with its default; where we leave the draft |
//! | [`_09_limits`] | what is not there yet |
//!
//! "§" means a section of draft-ietf-dhc-failover-12. Programs to run are in `examples/cookbook` of
//! the repository, a whole server is in `examples/failoverd`.

pub mod _01_concepts;
pub mod _02_embedding;
pub mod _03_packet_path;
pub mod _04_durability;
pub mod _05_clocks;
pub mod _06_operating;
pub mod _07_interoperability;
pub mod _08_defaults;
pub mod _09_limits;
