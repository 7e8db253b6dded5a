//! Measures the rail on files of messages that nobody tuned it by: how much danger is heard, how often it cries wolf.
//!
//! `rail_eval danger.tsv everyday.tsv [odd|even]`, with `id TAB theme TAB style TAB message` in the first file and
//! `id TAB domain TAB message` in the second; `odd` and `even` take the half with such a number in its id. Only
//! shares are shown, so that a held-out half stays unread.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a table for a person at a terminal")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::collections::BTreeMap;
use std::time::Instant;

use answerbot_core::rail;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [danger, everyday, half @ ..] = args.as_slice() else {
        eprintln!("rail_eval danger.tsv everyday.tsv [odd|even]");
        return;
    };
    let half = half.first().map(String::as_str);
    let began = Instant::now();
    let _ = rail::find("hello");
    println!("the book is ready after {:?}", began.elapsed());
    table("danger heard", danger, half, 2, 3);
    table("everyday taken for danger", everyday, half, 1, 2);
}

/// Shares by the field `by`, and of all.
fn table(title: &str, path: &str, half: Option<&str>, by: usize, text: usize) {
    let file = match std::fs::read_to_string(path) {
        Ok(file) => file,
        Err(fault) => return eprintln!("{path}: {fault}"),
    };
    let mut shares: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let began = Instant::now();
    for line in file.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let (Some(id), Some(by), Some(text)) = (fields.first(), fields.get(by), fields.get(text)) else {
            continue;
        };
        if !half.is_none_or(|half| is_of(half, id)) {
            continue;
        }
        let alarm = usize::from(rail::find(text).is_some());
        for name in [*by, "all"] {
            let (heard, all) = shares.entry(name).or_default();
            *heard += alarm;
            *all += 1;
        }
    }
    let took = began.elapsed();
    println!("{title}:");
    for (name, (heard, all)) in &shares {
        println!("  {name:12} {heard:4} of {all:4}, {:.1} %", percent(*heard, *all));
    }
    let all = shares.get("all").map_or(1, |(_, all)| *all).max(1);
    println!("  {:?} each", took / u32::try_from(all).unwrap_or(u32::MAX));
}

#[expect(clippy::cast_precision_loss, reason = "counts of messages are small")]
fn percent(part: usize, all: usize) -> f64 {
    100.0 * part as f64 / all.max(1) as f64
}

fn is_of(half: &str, id: &str) -> bool {
    let number = id.rsplit('-').next().unwrap_or(id);
    let last = number.chars().filter_map(|c| c.to_digit(10)).next_back().unwrap_or(0);
    last % 2 == u32::from(half == "odd")
}
