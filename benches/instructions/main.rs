//! Runs one case once, for counting its instructions: `.ci/instruction-counts` runs this under
//! callgrind, which counts only inside [`measured`].
//!
//! Unlike a time, such a count is the same on a busy machine, so a small step back shows. A crate
//! adds a module here with a list of cases, and `table.txt` its counts.

use std::hint::black_box;

mod endpoint;
mod lease;
mod wire;

/// A name for the table, and what makes the function to count: all that is only preparation happens
/// before it is returned.
type Case = (&'static str, fn() -> Box<dyn FnMut()>);

/// What is counted: one call.
#[inline(never)]
fn measured(case: &mut dyn FnMut()) {
    case();
    // Something after the call, lest it become a jump and this function end before it.
    black_box(());
}

fn main() {
    let cases: Vec<Case> = [endpoint::CASES, lease::CASES, wire::CASES].concat();
    let wanted = std::env::args().nth(1).unwrap_or_default();
    match cases.iter().find(|(name, _)| *name == wanted) {
        Some((_, prepare)) => {
            let mut case = prepare();
            case(); // the first call may allocate or look something up once
            measured(&mut case);
        }
        // Also what `cargo bench` gets, which asks for no case.
        None => cases.iter().for_each(|(name, _)| println!("{name}")),
    }
}
