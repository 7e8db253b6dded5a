//! Minimal pairs of our own: two questions that look the same and are not. None may have one form.

use std::collections::BTreeSet;

use answerbot_core::reuse::{Language, normal};

#[rustfmt::skip]
pub(super) const CROPS: &[&str] = &[
    "maize", "sorghum", "millet", "cassava", "groundnuts", "sesame", "beans", "okra", "tomatoes", "onions", "cabbage",
    "rice", "mangoes", "bananas", "pumpkins", "cowpeas", "sweet potatoes", "pineapples", "coffee", "sugarcane",
];
#[rustfmt::skip]
pub(super) const PLACES: &[&str] = &[
    "Juba", "Wau", "Malakal", "Bor", "Yei", "Torit", "Aweil", "Bentiu", "Rumbek", "Yambio", "Kapoeta", "Nimule", "Renk",
    "Maridi", "Pibor", "Kuajok", "Nasir", "Akobo", "Tonj", "Khartoum", "Kampala", "Nairobi",
];
#[rustfmt::skip]
pub(super) const DISEASES: &[&str] = &[
    "malaria", "cholera", "typhoid", "measles", "mumps", "rabies", "scabies", "hepatitis A", "hepatitis B", "polio",
    "tuberculosis", "pneumonia", "diarrhoea", "kala azar", "guinea worm", "river blindness", "diabetes", "anaemia",
    "brucellosis", "anthrax", "yellow fever", "sleeping sickness",
];
#[rustfmt::skip]
const ANIMALS: &[&str] =
    &["goats", "cows", "sheep", "chickens", "pigs", "donkeys", "ducks", "camels", "bulls", "calves", "dogs", "bees", "fish"];
#[rustfmt::skip]
const MEDICINES: &[&str] = &[
    "paracetamol", "ibuprofen", "amoxicillin", "quinine", "coartem", "albendazole", "ivermectin", "zinc", "insulin",
    "aspirin", "vitamin A", "vitamin B", "vitamin C", "vitamin D",
];
#[rustfmt::skip]
const SUBJECTS: &[&str] = &[
    "physics", "chemistry", "biology", "maths", "English", "Arabic", "geography", "history", "CRE", "agriculture",
    "commerce", "accounting", "accountability", "economics", "art",
];
#[rustfmt::skip]
const NUMBERS: &[&str] = &[
    "1", "2", "three", "4", "5", "6", "7", "eight", "10", "12", "15", "20", "twenty five", "50", "52", "100", "105", "500",
    "1,000", "1001", "10,000", "100000", "1.5", "15.5", "0.5", "1/2", "5%", "$5",
];
#[rustfmt::skip]
const YEARS: &[&str] = &["1955", "1956", "1972", "1983", "2005", "2011", "2013", "2016", "2018", "2020", "the 1980s"];
#[rustfmt::skip]
const UNITS: &[&str] = &["kg", "grams", "litres", "metres", "feet", "acres", "days", "weeks", "months", "years", "bags", "hours"];
#[rustfmt::skip]
const PERSONS: &[&str] = &["I", "you", "he", "she", "we", "they", "one", "it", "nobody", "everybody"];
#[rustfmt::skip]
const MODALS: &[&str] = &["can", "should", "must", "may", "will", "did", "do", "can not", "should not", "must not", "do not"];
#[rustfmt::skip]
const RELATIONS: &[&str] = &["before", "after", "with", "without", "during", "in", "near", "under", "above", "instead of"];
#[rustfmt::skip]
const ASPECTS: &[&str] = &[
    "causes", "effects", "symptoms", "signs", "advantages", "disadvantages", "types", "uses", "prevention", "treatment",
    "history", "importance", "definition", "danger",
];
#[rustfmt::skip]
const VERBS: &[&str] = &["treat", "prevent", "cause", "spread", "test for", "survive", "recognise", "report", "stop", "start"];
#[rustfmt::skip]
const ASKS: &[&str] = &["what", "how", "why", "when", "where", "who", "which", "how much", "how many", "how long", "how often"];
#[rustfmt::skip]
const DEGREES: &[&str] = &["best", "worst", "most", "least", "first", "last", "biggest", "smallest", "oldest", "newest", "only"];

/// `{}` is filled from a list; two fillings are two questions.
#[rustfmt::skip]
const SUITES: &[(&str, &[&str], &[&str])] = &[
    ("crop", CROPS, &["How do I plant {}?", "when are {} ready for harvest", "what pests attack {} in Juba"]),
    ("animal", ANIMALS, &["How do I feed {}?", "why do {} lose weight", "which vaccine do {} need"]),
    ("disease", DISEASES, &["What is {}?", "how is {} treated", "can {} kill a child"]),
    ("medicine", MEDICINES, &["What is {} for?", "is {} safe for children"]),
    ("place", PLACES, &["Where is {}?", "how far is {} from the border", "who founded {}"]),
    ("subject", SUBJECTS, &["How do I pass {}?", "what jobs need {}"]),
    ("class", NUMBERS, &["What is taught in class {}?", "what is the syllabus of primary {} pupils"]),
    ("year", YEARS, &["What happened in {}?", "who ruled Sudan in {}"]),
    ("number", NUMBERS, &["How do I feed {} goats?", "what can I do with {} bags", "is {} acres enough"]),
    ("unit", UNITS, &["How many seeds in 5 {}?", "is 10 {} much"]),
    ("person", PERSONS, &["Can {} plant maize in July?", "does {} need a passport", "where should {} go for cholera"]),
    ("modal", MODALS, &["{} farmers burn the grass", "why {} people drink river water"]),
    ("relation", RELATIONS, &["Do farmers plant maize {} rain?", "is it safe to eat {} water"]),
    ("aspect", ASPECTS, &["What are the {} of malaria?", "explain the {} of war"]),
    ("verb", VERBS, &["How do I {} cholera?", "can clean water {} typhoid"]),
    ("ask", ASKS, &["{} did the war begin", "{} do goats eat"]),
    ("degree", DEGREES, &["What is the {} river in Africa?", "which is the {} seed to plant"]),
];

/// Two places to fill; the filling in another order is another question.
#[rustfmt::skip]
const ORDERS: &[(&[&str], &str)] = &[
    (PLACES, "How do I go from {1} to {2}?"),
    (CROPS, "Do I plant {1} before {2}?"),
    (ANIMALS, "Do {1} eat more than {2}?"),
    (DISEASES, "Can {1} lead to {2}?"),
    (SUBJECTS, "Is {1} harder than {2}?"),
];

fn form(text: &str) -> String {
    normal(text, Language::English)
}

fn fillings() -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (_, list, templates) in SUITES {
        for template in *templates {
            for (at, first) in list.iter().enumerate() {
                let others = list.iter().skip(at + 1);
                pairs.extend(
                    others.map(|other| (template.replace("{}", first), template.replace("{}", other))),
                );
            }
        }
    }
    pairs
}

fn orders() -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (list, template) in ORDERS {
        for (at, first) in list.iter().enumerate() {
            for other in list.iter().skip(at + 1) {
                let fill = |one: &str, two: &str| template.replace("{1}", one).replace("{2}", two);
                pairs.push((fill(first, other), fill(other, first)));
            }
        }
    }
    pairs
}

/// Every question of the suites with a "not", and with its opposite sex, person or mood.
fn polarities() -> Vec<(String, String)> {
    #[rustfmt::skip]
    let swaps = [
        ("How do I", "How do you"), ("How do I", "How did I"), ("how do I", "why do I"), (" is ", " is not "), (" do ", " do not "),
        ("can ", "should "), ("Can ", "Could "), ("goats", "male goats"), ("goats", "female goats"), ("What is", "Who is"),
        (" in ", " of "), (" before ", " after "), ("treat", "prevent"), ("child", "woman"), (" are ", " were "),
        ("plant", "sell"), ("when ", "where "), (" need", " never need"), ("safe", "unsafe"), ("ready", "not ready"),
    ];
    let questions: BTreeSet<String> = fillings().into_iter().map(|(first, _)| first).collect();
    let swapped = |text: &String| {
        let changed = swaps.iter().map(|(from, to)| text.replace(from, to)).filter(|it| it != text);
        changed.map(|it| (text.clone(), it)).collect::<Vec<_>>()
    };
    questions.iter().flat_map(swapped).collect()
}

#[test]
fn no_minimal_pair_has_one_form() {
    let pairs: Vec<(String, String)> = [fillings(), orders(), polarities()].concat();
    let wrong: Vec<_> = pairs.iter().filter(|(a, b)| form(a) == form(b)).collect();
    assert!(pairs.len() >= 2_000, "only {} pairs", pairs.len());
    assert!(wrong.is_empty(), "{} of {} pairs: {wrong:#?}", wrong.len(), pairs.len());
    println!("{} minimal pairs, none accepted", pairs.len());
}

#[test]
fn the_suites_would_see_a_normaliser_that_takes_too_much() {
    let bag = |text: &str| {
        let mut words: Vec<String> = form(text).split(' ').map(str::to_owned).collect();
        words.sort();
        words.join(" ")
    };
    assert!(orders().iter().all(|(a, b)| bag(a) == bag(b)));
    let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).collect::<String>();
    assert!(fillings().iter().any(|(a, b)| letters(a) == letters(b)));
}
