//! Measures the shared answers as the service keeps them: a look-up, and the memory of 100,000 of them.
//! `scripts/eval-cache` runs it.
#![expect(clippy::print_stdout, reason = "figures for a person at a terminal")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::sync::Arc;
use std::time::Instant;

use answerbot_core::Time;
use answerbot_core::domain::Domain;
use answerbot_core::reuse::{Kept, Shareable};
use answerbot_local::{Access, SharedAnswers, SqliteStore};
use answerbot_ports::answers::Answers;
use answerbot_ports::codec::Codec;
use answerbot_ports::keys::Key;
use answerbot_ports::world::Entropy;

const ENTRIES: u32 = 100_000;
/// Bytes of an answer of about a hundred words.
const ANSWER: usize = 600;

struct Fixed;

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

fn question(number: u32) -> String {
    format!("How do farmers in payam {number} keep maize dry after harvest?")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let codec = Codec::new(&Key::from_bytes([7; 32]), None, Arc::new(Fixed));
    let store = SqliteStore::open(&folder.path().join("bench.db"), Access::Serve, codec, &Fixed)?;
    let answers = SharedAnswers::new(Arc::new(store), 90_000_000);
    let key_of = |number| {
        let shareable = Shareable::of(&question(number), "en".into(), true)?;
        Some(shareable.key(Domain::Agriculture, "p", "1"))
    };
    let before = resident();
    for number in 0..ENTRIES {
        let Some(key) = key_of(number) else { continue };
        let (made, until) = (Time::from_millis(0), Time::from_millis(i64::MAX));
        let kept = Kept {
            text: String::from(&*format!("{number:0>ANSWER$}")),
            model: "gpt-4o-mini".into(),
            wording: 0,
            made,
            until,
        };
        answers.remember(key, kept).await;
    }
    let after = resident();
    let keys: Vec<_> = (0..ENTRIES).filter_map(key_of).collect();
    let (mut found, mut best) = (0_u32, f64::MAX);
    for _ in 0..5 {
        let start = Instant::now();
        found = 0;
        for key in &keys {
            found += u32::from(answers.recall(*key).await.is_some());
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(ENTRIES));
    }
    let start = Instant::now();
    let passed = (0..ENTRIES).filter_map(key_of).count();
    let whole = start.elapsed().as_secs_f64() * 1e6 / f64::from(ENTRIES);
    println!("look-up by key              {best:>6.2} µs ({found} of {ENTRIES} found)");
    println!("gate, normal form and key   {whole:>6.2} µs ({passed} passed)");
    if let (Some(before), Some(after)) = (before, after) {
        println!("memory of {found} answers of {ANSWER} bytes: {} MB", (after - before) / 1_000_000);
    }
    Ok(())
}

fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}
