//! Asks and commands a running `failoverd`.

use std::process::ExitCode;

fn main() -> ExitCode {
    failoverd::ctl::main()
}
