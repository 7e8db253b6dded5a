//! A month of questions, and what the AI costs with every measure on, with none, and with each one added in turn.
//!
//! `scripts/eval-month` runs it. The prompts, keys, models and prices are those of the service; the people, and how
//! long a model's answers are, are made up here, or the questions come from a file.
#![expect(clippy::print_stdout, reason = "a table for a person at a terminal")]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use answerbot_core::contact::Turn;
use answerbot_core::contact::effect::Prompt;
use answerbot_core::prompt;
use answerbot_core::reuse::kept::{keep_until, wording};
use answerbot_core::reuse::{Key, normal};
use answerbot_core::route::{self, Tier};
use answerbot_core::spend::{Level, MicroUsd, Price, tokens};
use answerbot_core::time::{DAY, HOUR};
use answerbot_core::{Address, Channel, Contact, Policy, Time};

/// List prices: plan-arithmetic.md 1.3.
const CHEAP: Price = Price { input: 100_000, output: 400_000 };
const USUAL: Price = Price { input: 150_000, output: 600_000 };
/// Tokens of an answer when no length is asked for (plan-arithmetic.md 1.3, "typical"), and of a hundred words.
const LONG_ANSWER: u64 = 350;
const TOKENS_OF_A_HUNDRED_WORDS: u64 = 135;

/// One question of the month.
struct Asked {
    day: i64,
    person: usize,
    paid: bool,
    text: String,
}

/// `SplitMix64`, so that a month is the same month again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.roll() % most.max(1) as u64).unwrap_or(0)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.roll() % 100 < percent
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

#[rustfmt::skip]
const SCHOOL: &[&str] = &[
    "photosynthesis", "osmosis", "gravity", "democracy", "inflation", "erosion", "evaporation", "a noun", "a verb", "an adjective", "a cell",
    "friction", "density", "an ecosystem", "a constitution", "latitude", "the water cycle", "respiration", "an atom", "a molecule", "a fraction",
    "electricity", "magnetism", "the digestive system", "pollination", "germination", "a mammal", "a reptile", "the Nile", "the equator",
];
#[rustfmt::skip]
const CROPS: &[&str] = &["sorghum", "maize", "groundnuts", "sesame", "cassava", "okra", "tomatoes", "onions", "cowpeas", "millet", "cabbage", "mangoes"];
const ANIMALS: &[&str] = &["goats", "cows", "chickens", "sheep", "pigs", "ducks", "bees", "fish"];
const ILLS: &[&str] = &[
    "malaria",
    "typhoid",
    "cholera",
    "hepatitis",
    "tuberculosis",
    "measles",
    "ulcers",
    "diabetes",
    "anaemia",
    "pneumonia",
];
#[rustfmt::skip]
const SHOPS: &[&str] = &["a tea shop", "a salon", "a tailoring business", "a phone charging business", "a poultry business", "a bakery", "a boda boda business"];

/// The questions that many ask, most frequent first after shuffling.
fn heads(dice: &mut Dice) -> Vec<String> {
    let mut all = Vec::new();
    for it in SCHOOL {
        all.extend([
            format!("What is {it}?"),
            format!("Give examples of {it}"),
            format!("Explain {it}"),
            format!("What is the importance of {it}?"),
        ]);
    }
    for it in CROPS {
        all.extend([
            format!("How do I grow {it}?"),
            format!("When is {it} planted?"),
            format!("What pests attack {it}?"),
            format!("How do I store {it} after harvest?"),
        ]);
    }
    for it in ANIMALS {
        all.extend([
            format!("What do {it} eat?"),
            format!("How do I start keeping {it}?"),
            format!("What diseases do {it} get?"),
        ]);
    }
    for it in ILLS {
        all.extend([
            format!("What is {it}?"),
            format!("What are the signs of {it}?"),
            format!("How does {it} spread?"),
            format!("How can people prevent {it}?"),
        ]);
    }
    for it in SHOPS {
        all.extend([
            format!("How do I start {it}?"),
            format!("How do I find customers for {it}?"),
            format!("What does {it} need to begin?"),
        ]);
    }
    for at in (1..all.len()).rev() {
        all.swap(at, dice.below(at + 1));
    }
    all
}

#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "in class seven", "for a beginner", "in simple words", "near a river", "in the dry season", "step by step", "with little money", "in a village",
    "for an exam", "in South Sudan", "on sandy soil", "during the rains", "with examples", "in a small town", "for young people", "at home",
];

/// A wording that nobody else has: the same subject with more around it.
fn fresh(head: &str, dice: &mut Dice) -> String {
    let bare = head.trim_end_matches('?');
    format!("{bare} {} {} {}?", dice.one(FILLERS), dice.one(FILLERS), 100 + dice.below(900))
}

fn personal(dice: &mut Dice) -> String {
    let number = 2 + dice.below(60);
    match dice.below(6) {
        0 => format!("My {} are not eating since {number} days, what can I do?", dice.one(ANIMALS)),
        1 => format!("I have {number} thousand pounds, can I open {} here?", dice.one(SHOPS)),
        2 => format!("I am {number} years old and I want to study, which school is good for me?"),
        3 => format!("My {} have yellow leaves after {number} days, why?", dice.one(CROPS)),
        4 => format!("I failed my exam with {number} marks, how do I tell my father?"),
        _ => format!("Write a letter to my teacher that I was absent for {number} days"),
    }
}

/// What people do to a wording that many share: case, marks, greetings, short forms.
fn dressed(head: &str, dice: &mut Dice) -> String {
    let mut text = head.to_owned();
    if dice.chance(50) {
        text = text.to_lowercase();
    }
    if dice.chance(50) {
        text = text.replace('?', "");
    }
    match dice.below(20) {
        0 => format!("Hello, {text}"),
        1 => format!("please {text}"),
        2 => format!("{text} pls"),
        3 => text.replace("What is", "whats").replace("what is", "whats"),
        // A typo is never corrected: it finds nothing.
        4 | 5 => text.replacen('e', "ee", 1),
        _ => text,
    }
}

/// Zipf's law: the second is asked half as often as the first. `sums` adds up how often each is asked.
fn zipf(sums: &[u64], dice: &mut Dice) -> usize {
    let point = dice.roll() % sums.last().copied().unwrap_or(1);
    sums.partition_point(|sum| *sum <= point)
}

fn zipf_sums(count: usize) -> Vec<u64> {
    let weights = (1..=count as u64).map(|rank| 1_000_000 / rank);
    weights
        .scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect()
}

fn month(people: usize, seed: u64) -> Vec<Asked> {
    let mut dice = Dice(seed);
    let heads = heads(&mut dice);
    let sums = zipf_sums(heads.len());
    let mut asked = Vec::new();
    for day in 0..30 {
        for person in 0..people {
            // One in ten pays, and asks more.
            let paid = person.is_multiple_of(10);
            let questions = if paid { 2 + dice.below(7) } else { dice.below(4) };
            for number in 0..questions {
                let text = if dice.chance(33) {
                    personal(&mut dice)
                } else if number > 0 && dice.chance(12) {
                    dice.one(&[
                        "How long does it take?",
                        "Give me an example",
                        "Why is that?",
                        "And what else?",
                        "Explain more",
                    ])
                    .to_owned()
                } else {
                    let head = heads[zipf(&sums, &mut dice)].clone();
                    if dice.chance(50) { fresh(&head, &mut dice) } else { dressed(&head, &mut dice) }
                };
                asked.push(Asked { day, person, paid, text });
            }
        }
    }
    asked
}

/// `day TAB person TAB paid (0 or 1) TAB question`, days and people from nought.
fn from_file(path: &str) -> Result<Vec<Asked>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let line = |(at, line): (usize, &str)| {
        let fields: Vec<&str> = line.splitn(4, '\t').collect();
        let [day, person, paid, text] = fields[..] else {
            return Err(format!("line {}: not four fields", at + 1));
        };
        let number =
            |it: &str| it.trim().parse::<usize>().map_err(|_| format!("line {}: {it} is no number", at + 1));
        let day = i64::try_from(number(day)?).unwrap_or(0);
        Ok(Asked { day, person: number(person)?, paid: paid.trim() == "1", text: text.to_owned() })
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(line).collect()
}

/// A measure: its name, and how it is switched on.
type Step = (&'static str, fn(&mut Policy));

/// What a month came to.
#[derive(Default)]
struct Sum {
    questions: u64,
    calls: u64,
    curated: u64,
    shared: u64,
    checks: u64,
    tokens_in: u64,
    tokens_out: u64,
    cost: MicroUsd,
    by_tier: BTreeMap<&'static str, u64>,
}

fn run(policy: &Policy, asked: &[Asked], curate_a_week: usize) -> Sum {
    let typing = Address { channel: Channel::Messenger, page: String::new(), user: String::new() };
    let version = prompt::version(policy);
    let mut sum = Sum::default();
    let mut people: HashMap<usize, Contact> = HashMap::new();
    let mut kept: HashMap<Key, (Time, u64)> = HashMap::new();
    let (mut curated, mut missed): (BTreeSet<String>, BTreeMap<String, u64>) = Default::default();
    let (mut week, mut dice, mut checked) = (0, Dice(7), BTreeSet::new());
    for (number, it) in asked.iter().enumerate() {
        let now = Time::from_millis(
            1_767_225_600_000 + it.day * DAY + i64::try_from(number % 10).unwrap_or(0) * HOUR,
        );
        if policy.reuse.curated && it.day / 7 > week {
            week = it.day / 7;
            // Somebody writes answers to what was most often asked in vain.
            let mut most: Vec<(u64, String)> =
                missed.iter().map(|(text, times)| (*times, text.clone())).collect();
            most.sort_by(|a, b| b.cmp(a));
            curated.extend(most.into_iter().take(curate_a_week).map(|(_, text)| text));
            missed.retain(|text, _| !curated.contains(text));
        }
        sum.questions += 1;
        let contact = people.entry(it.person).or_default();
        let prompt = prompt::build(policy, contact, &it.text, now, typing.clone());
        let shared = prompt.about.shared.clone();
        let form = shared
            .as_ref()
            .map(|it| it.normal.clone())
            .or_else(|| prompt.about.language.map(|language| normal(&it.text, language)));
        let words = answer(policy, &mut dice);
        if form.as_ref().is_some_and(|form| curated.contains(form)) {
            sum.curated += 1;
        } else {
            let key = shared.as_ref().map(|it| it.key(prompt.about.domain, &version, "1"));
            let found = key.and_then(|key| kept.get(&key)).filter(|(until, _)| now < *until).copied();
            if let (Some((_, made_from)), Some(key)) = (found, key) {
                sum.shared += 1;
                let is_drawn = dice.roll() % 1_000 < u64::from(policy.reuse.checks_per_mille);
                if made_from != wording(&it.text) && is_drawn && checked.insert((key, it.day)) {
                    sum.checks += 1;
                    pay(&mut sum, policy, &prompt, false, words);
                    let judge = prompt::compare(&prompt, &"word ".repeat(100), &"word ".repeat(100));
                    let read: u64 = judge.lines.iter().map(|line| tokens(&line.content) + 4).sum();
                    sum.cost += USUAL.of(read, 2);
                }
            } else {
                sum.calls += 1;
                pay(&mut sum, policy, &prompt, it.paid, words);
                if let (Some(key), Some(shared)) = (key, &shared) {
                    let until = keep_until(now, prompt.about.domain, &shared.normal, key);
                    kept.insert(key, (until, wording(&it.text)));
                }
            }
            if let Some(shared) = shared {
                *missed.entry(shared.normal).or_default() += 1;
            }
        }
        // As long as the answer was, it is in the talk.
        let said = "word ".repeat(usize::try_from(words * 4 / 5).unwrap_or(0));
        contact.memory.push_back(Turn {
            question: it.text.clone(),
            answer: said.chars().take(policy.memory.answer_chars).collect(),
            at: now,
        });
        while contact.memory.len() > policy.memory.turns {
            contact.memory.pop_front();
        }
    }
    sum
}

/// Tokens of an answer: about what is asked for, a fifth more or less.
fn answer(policy: &Policy, dice: &mut Dice) -> u64 {
    let usual = match policy.ai.words {
        0 => LONG_ANSWER,
        words => u64::from(words) * TOKENS_OF_A_HUNDRED_WORDS / 100,
    };
    (usual * (80 + dice.roll() % 41) / 100).min(u64::from(policy.ai.max_tokens))
}

fn pay(sum: &mut Sum, policy: &Policy, prompt: &Prompt, paid: bool, written: u64) {
    let full = prompt::complete(policy, prompt);
    let read: u64 = full.lines.iter().map(|line| tokens(&line.content) + 4).sum();
    let tier = route::choose(&policy.ai, prompt.about.grade, paid, Level::Open);
    let price = if tier == Tier::Cheap { CHEAP } else { USUAL };
    *sum.by_tier.entry(tier.name()).or_default() += 1;
    sum.tokens_in += read;
    sum.tokens_out += written;
    sum.cost += price.of(read, written);
}

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let asked = match arguments.first().map(String::as_str) {
        Some(path) if !path.is_empty() => from_file(path)?,
        _ => month(1_500, 42),
    };
    let curate: usize = arguments.get(1).and_then(|it| it.parse().ok()).unwrap_or(25);
    let on = Policy::default();
    let mut policy = on.clone();
    policy.ai.words = 0;
    policy.ai.routing = false;
    policy.ai.history_by_need = false;
    policy.ai.max_tokens = 800;
    policy.reuse.shared = false;
    policy.reuse.curated = false;
    let steps: [Step; 6] = [
        ("everything off", |_| {}),
        ("+ the talk only where the question refers back", |it| it.ai.history_by_need = true),
        ("+ answers of about 100 words", |it| {
            it.ai.words = 100;
            it.ai.max_tokens = 400;
        }),
        ("+ shared answers, 3 % of them checked", |it| it.reuse.shared = true),
        ("+ curated answers", |it| it.reuse.curated = true),
        ("+ easy questions to the cheap model", |it| it.ai.routing = true),
    ];
    println!("{} questions, {} curated answers a week", asked.len(), curate);
    println!(
        "{:<50} {:>9} {:>8} {:>7} {:>8} {:>8} {:>10} {:>7} {:>7}",
        "", "calls", "shared", "curated", "tok in", "tok out", "dollars", "of off", "less"
    );
    let (mut off, mut before) = (None, None);
    for (name, step) in steps {
        step(&mut policy);
        let sum = run(&policy, &asked, curate);
        let whole = *off.get_or_insert(sum.cost.0);
        let last = before.replace(sum.cost.0).unwrap_or(sum.cost.0);
        let percent = |part: u64| {
            let permille = (part * 1_000).checked_div(whole).unwrap_or(0);
            format!("{}.{}%", permille / 10, permille % 10)
        };
        let each = |it: u64| it / sum.questions.max(1);
        println!(
            "{name:<50} {:>9} {:>8} {:>7} {:>8} {:>8} {:>10} {:>7} {:>7}",
            sum.calls,
            sum.shared,
            sum.curated,
            each(sum.tokens_in),
            each(sum.tokens_out),
            sum.cost.usd(),
            percent(sum.cost.0),
            percent(last.saturating_sub(sum.cost.0))
        );
        if name.starts_with("+ easy") {
            println!("{} checks; calls by model: {:?}", sum.checks, sum.by_tier);
        }
    }
    assert_eq!(policy.reuse, on.reuse, "the last line is the policy as it is shipped");
    assert_eq!(policy.ai, on.ai);
    Ok(())
}
