//! What one message means when it stands alone: a command, a greeting, a PIN, or a question.
//!
//! A word counts only alone in the message, in either case; punctuation and emoji at its edges are ignored.
//! "start a business in Juba: how?" is a question, and "resetme" is nothing.

use alloc::string::String;

/// A command that works at any time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// What the bot can do.
    Help,
    /// The buttons.
    Menu,
    /// Questions left, plan, payments.
    Status,
    /// Plans and prices.
    Subscribe,
    /// The last receipt again.
    Receipt,
    /// Where the person lives.
    Region,
    /// The language of answers.
    Language,
    /// The rest of a long answer.
    More,
    /// A person of ours.
    Human,
    /// Leave the present step.
    Cancel,
    /// Nothing unasked any more.
    Stop,
    /// Undo `stop`, show the menu.
    Start,
    /// Erase me.
    DeleteMyData,
}

/// What a message says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Said {
    /// A command.
    Word(Word),
    /// A greeting.
    Greeting,
    /// Thanks, or an "ok" that asks nothing.
    Thanks,
    /// Yes, ok, agree or 1: consent or confirmation where one was asked for, else as [`Said::Thanks`].
    Yes,
    /// No, where something was asked.
    No,
    /// Only a phone number.
    Number,
    /// A sign of danger to life.
    Danger,
    /// Nothing to read: no letter and no digit.
    Nothing,
    /// Everything else: a question, or a part of one.
    Plain,
}

/// Longest message that is compared with the words below, in bytes.
const LONGEST: usize = 64;

const WORDS: &[(&str, Word)] = &[
    ("help", Word::Help),
    ("menu", Word::Menu),
    ("status", Word::Status),
    ("subscribe", Word::Subscribe),
    ("receipt", Word::Receipt),
    ("region", Word::Region),
    ("language", Word::Language),
    ("more", Word::More),
    ("human", Word::Human),
    ("cancel", Word::Cancel),
    ("stop", Word::Stop),
    ("start", Word::Start),
    ("delete my data", Word::DeleteMyData),
];

const GREETINGS: &[&str] = &[
    "hi", "hii", "hiii", "hello", "helo", "hallo", "hey", "hey there", "hi there", "hello there", "hi bot", "hello bot",
    "good morning", "good afternoon", "good evening", "morning", "greetings", "how are you", "how are you doing",
    "hello how are you", "hi how are you", "salaam", "salam", "salaam aleikum", "salam aleikum", "salaam alaikum",
    "assalamu alaikum", "السلام عليكم", "سلام", "سلام عليكم", "مرحبا", "اهلا", "أهلا", "صباح الخير", "مساء الخير",
];

const THANKS: &[&str] = &[
    "thanks", "thank you", "thank you very much", "thank you so much", "thanks a lot", "many thanks", "thanks alot",
    "ok thanks", "ok thank you", "okay thanks", "okay thank you", "thx", "tnx", "tanks", "thank u", "bye", "goodbye",
    "good bye", "good night", "shukran", "shukran jazilan", "شكرا", "شكراً", "شكرا جزيلا", "nice", "great", "good",
];

const YES: &[&str] = &[
    "yes", "y", "yeah", "yep", "yes please", "ok", "okay", "agree", "i agree", "agreed", "yes i agree", "1", "١",
    "aywa", "aiwa", "نعم", "ايوه", "أيوا", "موافق", "اوافق", "أوافق",
];

const NO: &[&str] = &["no", "n", "nope", "no thanks", "no thank you", "keep", "la", "لا"];

/// Phrases that mean somebody may die. The reviewed rules with their texts replace this short list later;
/// until then each match gets the one text that is never wrong: go to the nearest hospital now.
const DANGER: &[&str] = &[
    "snake bite", "snakebite", "snake bit", "bitten by a snake", "bitten by snake", "drank poison", "took poison",
    "swallowed poison", "kill myself", "killing myself", "want to die", "end my life", "suicide", "not breathing",
    "cannot breathe", "can't breathe", "cant breathe", "is unconscious", "bleeding a lot", "bleeding heavily",
    "heavy bleeding", "bleeding too much", "bleeding and pregnant", "pregnant and bleeding", "is convulsing",
    "has convulsions", "having convulsions", "having fits", "being raped", "was raped", "لدغة ثعبان", "لدغني ثعبان",
    "انتحار", "نزيف حاد",
];

/// A question about danger in general is no danger: school books ask it.
const LEARNING: &[&str] = &["what is", "what are", "define", "definition", "explain", "essay", "meaning of", "causes of", "history"];

/// Reads one message.
///
/// `text` is as the person sent it. Context decides what `Yes` and `No` answer; here they are only heard.
#[must_use]
pub fn read(text: &str) -> Said {
    if dangerous(text) {
        return Said::Danger;
    }
    if text.len() > LONGEST {
        return if text.chars().any(char::is_alphanumeric) { Said::Plain } else { Said::Nothing };
    }
    let alone = alone(text);
    if alone.is_empty() {
        return Said::Nothing;
    }
    if let Some((_, word)) = WORDS.iter().find(|(name, _)| *name == alone) {
        return Said::Word(*word);
    }
    let is = |list: &[&str]| list.contains(&alone.as_str());
    if is(YES) {
        Said::Yes
    } else if is(NO) {
        Said::No
    } else if is(GREETINGS) {
        Said::Greeting
    } else if is(THANKS) {
        Said::Thanks
    } else if is_number(text) {
        Said::Number
    } else {
        Said::Plain
    }
}

/// The message without what stands around it: lower case, no edge punctuation or emoji, single spaces.
#[must_use]
pub fn alone(text: &str) -> String {
    let inner = text.trim_matches(|c: char| !c.is_alphanumeric());
    let mut out = String::with_capacity(inner.len());
    for piece in inner.split(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | '!' | '،')) {
        if piece.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(piece.chars().flat_map(char::to_lowercase).filter(|c| !is_mark(*c)));
    }
    out
}

/// Whether a message is nothing but 4 to 6 digits of any script, spaces and the like between them.
///
/// Such a message loses its digits in `parse`, before anything is stored: it may be a PIN.
#[must_use]
pub fn is_only_pin(text: &str) -> bool {
    // "12*34" and "12/34" are sums, so those signs are not looked through.
    let looked_through =
        |c: char| c.is_whitespace() || is_mark(c) || matches!(c, '-' | '.' | ',' | ':' | ';' | '!' | '?' | '\'' | '"' | '_' | '،');
    let mut digits = 0;
    for c in text.chars() {
        if c.is_numeric() {
            digits += 1;
            if digits > 6 {
                return false;
            }
        } else if !looked_through(c) {
            return false;
        }
    }
    digits >= 4
}

/// Whether a message reads complete: it asks, or it is long enough. Others wait longer for their rest.
#[must_use]
pub fn is_complete(text: &str, words: usize) -> bool {
    text.contains(['?', '؟', '\u{ff1f}']) || text.split_whitespace().take(words).count() >= words
}

fn is_number(text: &str) -> bool {
    let mut digits = 0;
    for c in text.trim().chars() {
        if c.is_numeric() {
            digits += 1;
        } else if !(c.is_whitespace() || is_mark(c) || matches!(c, '+' | '-' | '(' | ')' | '.')) {
            return false;
        }
    }
    (7..=15).contains(&digits)
}

fn dangerous(text: &str) -> bool {
    // A long essay is no cry for help.
    if text.len() > 400 {
        return false;
    }
    let lower = alone(text);
    DANGER.iter().any(|sign| lower.contains(sign)) && !LEARNING.iter().any(|school| lower.contains(school))
}

/// Marks without a width of their own: joiners, direction marks, variation selectors, Arabic short vowels.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{64b}'..='\u{652}' | '\u{640}')
}
