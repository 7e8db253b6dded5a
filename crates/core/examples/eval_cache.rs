//! Measures the answer cache on labelled pairs of questions: `label TAB a TAB b` on standard input.
//!
//! `scripts/eval-cache` runs it. The wrong ones are shown in the terminal and written nowhere.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a table for a person at a terminal")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::collections::{BTreeMap, HashMap};
use std::io::BufRead;
use std::time::Instant;

use answerbot_core::domain::Domain;
use answerbot_core::reuse::{Key, Language, SCHEMA, Scope, gate, key_of_normal, normal};
use sha2::{Digest, Sha256};

fn scope(language: Language) -> Scope<'static> {
    Scope {
        schema: SCHEMA,
        language,
        prompt_version: "p1",
        knowledge_version: "k1",
        domain: Domain::General,
        format: "en",
    }
}

#[derive(Default)]
struct Counts {
    pairs: usize,
    same: usize,
    eligible: usize,
    eligible_same: usize,
    hits: usize,
    right: usize,
    identical: usize,
}

fn main() {
    let mut counts = Counts::default();
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let mut questions = Vec::new();
    let show = std::env::args().nth(1);
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let mut fields = line.split('\t');
        let (Some(label), Some(a), Some(b)) = (fields.next(), fields.next(), fields.next()) else {
            eprintln!("passed over, not label TAB a TAB b: {line}");
            continue;
        };
        pair(&mut counts, &mut reasons, label == "1", a, b, show.as_deref());
        questions.extend([a.to_owned(), b.to_owned()]);
    }
    print(&counts, &reasons);
    time(&questions);
    memory();
}

fn pair(
    counts: &mut Counts,
    reasons: &mut BTreeMap<&str, usize>,
    same: bool,
    a: &str,
    b: &str,
    show: Option<&str>,
) {
    counts.pairs += 1;
    counts.same += usize::from(same);
    let gates = [gate(a), gate(b)];
    for reason in gates.iter().filter_map(|gate| gate.err()) {
        *reasons.entry(reason.name()).or_default() += 1;
    }
    if show == Some("--refused") {
        for (text, gate) in [a, b].iter().zip(gates) {
            if let Err(reason) = gate {
                println!("{}\t{text}", reason.name());
            }
        }
    }
    let [Ok(first), Ok(second)] = gates else { return };
    counts.eligible += 1;
    counts.eligible_same += usize::from(same);
    let keys = [(a, first), (b, second)]
        .map(|(text, language)| key_of_normal(&scope(language), &normal(text, language)));
    if keys[0] != keys[1] {
        return;
    }
    counts.hits += 1;
    counts.right += usize::from(same);
    counts.identical += usize::from(a == b);
    if !same || show == Some("--all") {
        println!(
            "{}\n  {a}\n  {b}\n  = {}",
            if same { "same" } else { "labelled different" },
            normal(a, first)
        );
    }
}

fn print(counts: &Counts, reasons: &BTreeMap<&str, usize>) {
    let share = |part: usize, whole: usize| {
        let [part, whole] = [part, whole].map(|it| f64::from(u32::try_from(it).unwrap_or(u32::MAX)));
        if whole > 0.0 { part / whole * 100.0 } else { 0.0 }
    };
    let c = counts;
    println!("\npairs                     {:>7}", c.pairs);
    println!("  labelled same           {:>7}", c.same);
    println!("both eligible             {:>7}   {:.1} %", c.eligible, share(c.eligible, c.pairs));
    println!("  labelled same           {:>7}", c.eligible_same);
    println!("accepted (one key)        {:>7}", c.hits);
    println!("  equal letter by letter  {:>7}", c.identical);
    println!(
        "  labelled different      {:>7}   {:.2} % of accepted",
        c.hits - c.right,
        share(c.hits - c.right, c.hits)
    );
    println!("recall, of all the same   {:>6.2} %", share(c.right, c.same));
    println!("recall, of the eligible   {:>6.2} %", share(c.right, c.eligible_same));
    println!("\nquestions refused, of {}:", c.pairs * 2);
    for (reason, count) in reasons {
        println!("  {reason:<22}  {count:>7}   {:.1} %", share(*count, c.pairs * 2));
    }
}

/// Time of gate and key for each question, beside one SHA-256 of the same text in the same run.
fn time(questions: &[String]) {
    if questions.is_empty() {
        return;
    }
    let each = |name: &str, work: &mut dyn FnMut(&str) -> u8| {
        let mut best = f64::MAX;
        let mut sum = 0_u64;
        for _ in 0..5 {
            let start = Instant::now();
            for question in questions {
                sum += u64::from(work(question));
            }
            let count = f64::from(u32::try_from(questions.len()).unwrap_or(u32::MAX));
            best = best.min(start.elapsed().as_secs_f64() * 1e6 / count);
        }
        println!("{name:<24}{best:>9.2} µs a question (sum {sum})");
        best
    };
    println!();
    let hash = each("sha256 of the text", &mut |text| Sha256::digest(text.as_bytes())[0]);
    let keyed = each("normal form and key", &mut |text| {
        key_of_normal(&scope(Language::English), &normal(text, Language::English)).0[0]
    });
    each("words::read", &mut |text| {
        u8::from(answerbot_core::words::read(text) == answerbot_core::words::Said::Plain)
    });
    let gated = each("gate", &mut |text| u8::from(gate(text).is_ok()));
    println!("key : sha256 = {:.0} : 1, gate : sha256 = {:.0} : 1", keyed / hash, gated / hash);
    let shelf: HashMap<Key, u32> = questions
        .iter()
        .zip(0..)
        .map(|(text, at)| (key_of_normal(&scope(Language::English), &normal(text, Language::English)), at))
        .collect();
    each("gate, key and look-up", &mut |text| {
        let Ok(language) = gate(text) else { return 0 };
        u8::from(shelf.contains_key(&key_of_normal(&scope(language), &normal(text, language))))
    });
}

/// Resident memory before and after 100,000 entries with answers of 600 bytes.
fn memory() {
    let Some(before) = resident() else {
        println!("memory: skipped, no /proc/self/statm");
        return;
    };
    let mut shelf: HashMap<Key, (Box<str>, Box<str>)> = HashMap::new();
    for number in 0..100_000 {
        let question = format!("how do farmers in payam {number} keep maize dry after harvest");
        let form = normal(&question, Language::English);
        let key = key_of_normal(&scope(Language::English), &form);
        shelf.insert(key, (form.into(), format!("{number:0>600}").into()));
    }
    let after = resident().unwrap_or(before);
    let megabytes = (after - before) / 1_000_000;
    println!(
        "memory of {} entries with their questions and answers of 600 bytes: {megabytes} MB",
        shelf.len()
    );
}

fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}
