//! Answer Bot AI: the binary. Configuration, command line, telemetry, lifecycle, and the one place where
//! adapters are chosen.

mod assemble;
mod cli;
mod commands;
mod config;
mod logs;
mod out;
mod shared;
mod stores;
mod telemetry;
mod world;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            out::fault(&format!("the program cannot start its threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(commands::run(cli));
    // What still hangs has been given its time; its effects are in the store.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            out::fault(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
