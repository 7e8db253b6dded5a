//! `sim`: the outside world of Answer Bot AI, for development.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
