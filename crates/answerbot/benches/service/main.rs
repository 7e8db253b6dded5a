//! What a message costs. One JSON line a figure: its value, and the aim beside it where there is one.
//!
//! The generator, the simulated world and the service share the machine, and everything is measured in one run,
//! so figures compare as ratios. Timings are no tests: nothing here fails on a slow machine.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench stops where it fails, and prints")]
#![expect(clippy::cast_precision_loss, reason = "figures")]

mod acks;
mod answers;
mod child;
mod cost;
mod crowd;
#[cfg(feature = "fleet")]
mod fleet;
mod generator;

use serde_json::json;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Prints one figure.
pub fn figure(name: &str, value: f64, unit: &str, aim: Option<f64>) {
    let rounded = (value * 1_000.0).round() / 1_000.0;
    println!("{}", json!({ "figure": name, "value": rounded, "unit": unit, "aim": aim }));
}

fn main() {
    // The bench runs itself as the server without a store.
    if std::env::args().any(|it| it == "--null-server") {
        return acks::null_server();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // Names on the command line choose; without one all are measured.
    let chosen: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with("--")).collect();
    let is_wanted = |name: &str| chosen.is_empty() || chosen.iter().any(|it| it == name);
    macro_rules! measure {
        ($($name:ident: $call:expr;)*) => { $(if is_wanted(stringify!($name)) { $call })* };
    }
    runtime.block_on(async {
        measure! {
            decide: cost::decide();
            indexes: cost::indexes();
            floor: acks::floor().await;
            commits: acks::bare_commits().await;
            acks: acks::paused().await;
            idle: answers::idle().await;
            counted: answers::counted().await;
            saturated: answers::saturated().await;
            work: answers::acks_under_work().await;
            flight: answers::in_flight().await;
            crowd: crowd::crowded().await;
        }
        // Another build, and another question: only by its name.
        #[cfg(feature = "fleet")]
        if chosen.iter().any(|it| it == "fleet") {
            fleet::workers().await;
        }
    });
}
