//! Whether a question may be answered from, or stored in, what is shared.
//!
//! A question that passes is asked without the talk so far and without anything about the person. So it must be
//! whole in itself, about no person, true for longer than a day, and harmless when read by somebody else.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::gate_lists as list;
use super::history::{Words, has, is_one_of, needs, says};
use super::normal::{fold, pieces};
use super::{Language, english};
use crate::prompt::is_arabic;
use crate::words::{Said, is_mark, read_calm};

/// Why a question is answered for one person only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ineligible {
    /// Nothing to read, or no question.
    Empty,
    /// Longer than questions that two people ask alike.
    TooLong,
    /// A phone number, an address, a link, an identity document.
    Contact,
    /// Tries to command the AI, or the answers of others.
    Injection,
    /// Doses, self-harm, violence, legal jeopardy: a curated answer, or one for this person.
    Sensitive,
    /// A language that is not recognised for sure.
    Language,
    /// Sums, code, signs.
    MathsOrCode,
    /// Cannot be understood without what was said before.
    NeedsHistory,
    /// About the person.
    Personal,
    /// Prices, weather, news, who holds an office: true today only.
    Live,
}

impl Ineligible {
    /// All of them, for tables and metrics.
    pub const ALL: [Self; 10] = [
        Self::Empty,
        Self::TooLong,
        Self::Contact,
        Self::Injection,
        Self::Sensitive,
        Self::Language,
        Self::MathsOrCode,
        Self::NeedsHistory,
        Self::Personal,
        Self::Live,
    ];

    /// Its name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::Contact => "contact",
            Self::Injection => "injection",
            Self::Sensitive => "sensitive",
            Self::Language => "language",
            Self::MathsOrCode => "maths_or_code",
            Self::NeedsHistory => "needs_history",
            Self::Personal => "personal",
            Self::Live => "live",
        }
    }
}

/// Longest question, in characters.
const LONGEST: usize = 240;

/// Looks at one whole question. `Ok` is the language in which it is recognised. Danger was heard before.
///
/// What only the caller sees is the caller's to refuse: media, a reply to an earlier message.
pub fn gate(text: &str) -> Result<Language, Ineligible> {
    match read_calm(text) {
        Said::Number => return Err(Ineligible::Contact),
        Said::Plain => {}
        _ => return Err(Ineligible::Empty),
    }
    if text.chars().nth(LONGEST).is_some() {
        return Err(Ineligible::TooLong);
    }
    let folded = fold(text);
    let pieces = pieces(&folded);
    let words: Vec<Cow<str>> = english::spelled_out(&pieces).into_iter().map(|word| word.text).collect();
    if has_contact(&folded, &words) {
        return Err(Ineligible::Contact);
    }
    if commands(&folded, &words) {
        return Err(Ineligible::Injection);
    }
    if words.len() < 2 {
        return Err(Ineligible::NeedsHistory);
    }
    let language = language(&folded, &words).ok_or(Ineligible::Language)?;
    if has_signs(&folded) || is_sum(&words) {
        return Err(Ineligible::MathsOrCode);
    }
    let fault = match language {
        Language::English => in_english(&words),
        Language::Arabic => in_arabic(text, &words),
        Language::JubaArabic => in_juba_arabic(&words),
    };
    fault.map_or(Ok(language), Err)
}

/// The language, where it is sure.
fn language(folded: &str, words: &Words) -> Option<Language> {
    if is_arabic(folded) {
        let latin = folded.chars().any(|c| c.is_alphabetic() && c.is_ascii());
        return (!latin).then_some(Language::Arabic);
    }
    // Letters of Dinka, Nuer and other scripts; "café" and its like are lost with them.
    if folded.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) {
        return None;
    }
    let count = |marks: &[&str]| words.iter().filter(|word| is_one_of(word, marks)).count();
    let (english, other, juba) =
        (count(list::ENGLISH_MARKS), count(list::OTHER_MARKS), count(list::JUBA_MARKS));
    let asks = other + juba == 0 && words.first().is_some_and(|word| is_one_of(word, list::ENGLISH_FIRST));
    if asks || (english > 0 && english * 6 >= words.len() && english > other + juba) {
        return Some(Language::English);
    }
    let strong = juba >= 2 && juba * 5 >= words.len() * 2;
    (strong && english == 0 && other == 0).then_some(Language::JubaArabic)
}

fn has_contact(folded: &str, words: &Words) -> bool {
    let link = folded.contains(['@', '.', ':'])
        && ["@", "http", "www.", ".com", ".org", ".net/", "t.me", "wa.me"]
            .iter()
            .any(|part| folded.contains(part));
    let document =
        ["id number", "passport number", "account number", "phone number", "whatsapp number", "card number"];
    link || has_long_number(folded) || says(words, &document)
}

/// Eight digits, or seven that begin as a phone's do, with no more than the signs of a number between them.
fn has_long_number(folded: &str) -> bool {
    let (mut digits, mut phone) = (0, false);
    let mut before = ' ';
    for c in folded.chars() {
        if c.is_numeric() {
            phone = if digits == 0 { c == '0' || before == '+' } else { phone };
            digits += 1;
            if digits >= 8 || (phone && digits >= 7) {
                return true;
            }
        } else if !matches!(c, ' ' | '-' | '(' | ')' | '.' | '/') {
            digits = 0;
        }
        before = c;
    }
    false
}

fn commands(folded: &str, words: &Words) -> bool {
    let marks = ["<|", "[inst", "###", "assistant:", "system:", "user:", "'''", "{{", "]]", "</"];
    (folded.contains(['|', '[', '#', ':', '\'', '{', ']', '/'])
        && marks.iter().any(|mark| folded.contains(mark)))
        || says(words, list::INJECTION)
        || says(words, list::ARABIC_INJECTION)
}

fn has_signs(folded: &str) -> bool {
    folded.contains(|c: char| {
        matches!(
            c,
            '+' | '*'
                | '='
                | '^'
                | '<'
                | '>'
                | '{'
                | '}'
                | '|'
                | '\\'
                | '~'
                | '#'
                | '$'
                | '%'
                | '_'
                | '['
                | ']'
        ) || matches!(c, '£' | '€' | '×' | '÷' | '±' | '\u{2200}'..='\u{22ff}' | '\u{2044}' | '!')
            && (c != '!' || factorial(folded))
    }) || folded.as_bytes().windows(3).any(|part| {
        matches!(part[1], b'/' | b'-' | b':') && part[0].is_ascii_digit() && part[2].is_ascii_digit()
    })
}

fn factorial(folded: &str) -> bool {
    folded.as_bytes().windows(2).any(|pair| pair[1] == b'!' && pair[0].is_ascii_digit())
}

/// A figure with a word of reckoning, or two figures and "of".
fn is_sum(words: &Words) -> bool {
    let figures = words.iter().filter(|word| word.bytes().any(|b| b.is_ascii_digit())).count();
    figures > 0 && has(words, list::SUMS) || figures > 1 && has(words, &["x", "y"])
}

fn in_english(words: &Words) -> Option<Ineligible> {
    if is_sensitive(words) {
        Some(Ineligible::Sensitive)
    } else if is_personal(words) {
        Some(Ineligible::Personal)
    } else if is_live(words) {
        Some(Ineligible::Live)
    } else {
        needs(words).then_some(Ineligible::NeedsHistory)
    }
}

fn is_sensitive(words: &Words) -> bool {
    has(words, list::SENSITIVE)
        || (has(words, list::MEDICINES_AT_ALL) && has(words, list::TAKEN))
        || has(words, list::PARTIES)
        || says(words, list::CHOOSES_SIDES)
        || (has(words, list::PEOPLES) && has(words, list::RANKS))
        || (has(words, &["kill", "kills", "killing"]) && has(words, list::VICTIMS))
        || (has(words, list::MEDICINES) && has(words, list::AMOUNTS))
}

fn is_personal(words: &Words) -> bool {
    // "am pregnant what can i eat", "have hiv can i breastfeed": the "I" is left out.
    words.first().is_some_and(|first| list::OWN_FIRST.contains(&&**first))
        || says(words, list::OWN_STATE)
        || words.iter().enumerate().any(|(place, word)| {
            let before = place.checked_sub(1).and_then(|at| words.get(at)).map_or("", |word| &**word);
            let after = words.get(place + 1).map_or("", |word| &**word);
            match &**word {
                "i" => !speaks_for_anybody(before, after),
                "me" => !list::ASKS_ME.contains(&before),
                // "how do I protect my goats" is anybody's; "why are my goats dying" is this herd.
                "my" | "our" => list::MINE.contains(&after) || !is_how_to(words),
                "mine" | "us" | "ourselves" | "im" => before != "tell" && before != "help",
                _ => false,
            }
        })
}

fn speaks_for_anybody(before: &str, after: &str) -> bool {
    let wishes = matches!(after, "want" | "would" | "need" | "wanna" | "wish");
    wishes
        || (list::MAY_I.contains(&before)
            && !before.is_empty()
            && !(list::I_AM.contains(&after) && tells(before)))
}

/// After these "i have" tells; after "do" and "can" it asks.
fn tells(before: &str) -> bool {
    !matches!(before, "do" | "can" | "should" | "could" | "would" | "must" | "may" | "will" | "shall" | "did")
}

fn is_how_to(words: &Words) -> bool {
    const HOW: &[&str] = &[
        "how do i",
        "how can i",
        "how should i",
        "how could i",
        "how to",
        "how do we",
        "how can we",
        "can i",
        "should i",
    ];
    says(words, HOW)
}

fn is_live(words: &Words) -> bool {
    let asks_for_a_state = words.first().is_some_and(|first| list::STATE_FIRST.contains(&&**first));
    let of_a_place = words.last().is_some_and(|last| &**last == "safe");
    if asks_for_a_state && (of_a_place || has(words, list::STATES)) {
        return true;
    }

    let office = has(words, &["who", "name", "current", "is"]) && has(words, list::OFFICES);
    let rate = has(words, &["rate", "rates"]) && !has(words, list::STEADY_RATES);
    has(words, list::LIVE) || office || rate || says(words, list::LIVE_PHRASES)
}

fn in_arabic(text: &str, words: &Words) -> Option<Ineligible> {
    if has(words, list::ARABIC_SENSITIVE) {
        Some(Ineligible::Sensitive)
    } else if has(words, list::ARABIC_OWN) {
        Some(Ineligible::Personal)
    } else if has(words, list::ARABIC_LIVE) {
        Some(Ineligible::Live)
    } else {
        arabic_needs(text, words).then_some(Ineligible::NeedsHistory)
    }
}

fn arabic_needs(text: &str, words: &Words) -> bool {
    let subject =
        |word: &&Cow<str>| !is_one_of(word, list::ARABIC_FUNCTION) && !is_one_of(word, list::ARABIC_GENERIC);
    // "ما هي" asks what something is; anywhere else the pronoun stands for something.
    let pronoun = words.iter().enumerate().any(|(place, word)| {
        let before = place.checked_sub(1).and_then(|at| words.get(at)).map_or("", |word| &**word);
        matches!(&**word, "هو" | "هي") && !matches!(before, "ما" | "من")
    });
    pronoun
        || has(words, list::ARABIC_POINTERS)
        || words.len() < 2
        || words.iter().filter(subject).count() == 0
        || text.split_whitespace().any(has_its)
}

/// A noun with "its" or "their" at its end. Read before folding, which makes ta marbuta alike.
fn has_its(word: &str) -> bool {
    let letters: String = word.chars().filter(|c| c.is_alphabetic() && !is_mark(*c)).collect();
    let long = letters.chars().count() > 3;
    long && ["ه", "ها", "هم", "هما", "هن"].iter().any(|end| letters.ends_with(end))
        && !list::ARABIC_NOT_ITS.contains(&&*letters)
}

fn in_juba_arabic(words: &Words) -> Option<Ineligible> {
    if has(words, list::JUBA_SENSITIVE) {
        Some(Ineligible::Sensitive)
    } else if has(words, list::JUBA_OWN) {
        Some(Ineligible::Personal)
    } else if has(words, list::JUBA_LIVE) {
        Some(Ineligible::Live)
    } else {
        let subjects = words.iter().filter(|word| word.len() > 3 && !is_juba_question(word)).count();
        (has(words, list::JUBA_POINTERS) || subjects < 1 || words.len() < 3)
            .then_some(Ineligible::NeedsHistory)
    }
}

fn is_juba_question(word: &str) -> bool {
    matches!(
        word,
        "shunu" | "sunu" | "wenu" | "munu" | "miten" | "keif" | "ketir" | "kweis" | "mumkin" | "agder"
    )
}
