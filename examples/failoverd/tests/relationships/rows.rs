//! The checklist, row by row: `row_NN` is its row NN. Rows that are about what a tool does on both
//! servers at once are not here: 10 (clusters), 15's check of the partner, 20's and 32's part of it,
//! 27 and 29.

mod create;
mod limits;
mod shown;
mod together;
