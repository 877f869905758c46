//! What operators can do with failover relationships, on real servers through `failoverctl`.
//!
//! `rows` has a test for each row of the checklist of features that Windows' and Micetro's documents
//! describe, as far as they concern one server. Everything is on loopback; no privileges are needed.

mod bad_input;
mod live;
mod picture;
mod rows;
mod scripts;
mod site;
