//! What one message means when it stands alone: a command, a greeting, a PIN, or a question.
//!
//! A word counts only alone in the message, in either case; punctuation and emoji at its edges are ignored.
//! "start a business in Juba: how?" is a question, and "resetme" is nothing.

use alloc::string::String;

use crate::rail;

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

// In the form that [`alone`] gives, and with letters said once that are drawn out ("hiii").
#[rustfmt::skip]
const GREETINGS: &[&str] = &[
    "hi", "hello", "helo", "hallo", "hlo", "hey", "hai", "hy", "yo", "hey there", "hi there", "hello there", "hi bot",
    "hello bot", "hey bot", "hello sir", "hi sir", "hello madam", "hello friend", "hello my friend", "hi hello",
    "hello hello", "good morning", "good afternoon", "good evening", "good day", "gud morning", "morning", "evening",
    "greetings", "how are you", "how are u", "how r u", "how are you doing", "how are you today", "hello how are you",
    "hello how are u", "hi how are you", "hi how are u", "hey how are you", "what's up", "whats up", "are you there",
    "anyone there", "anybody there", "salaam", "salam", "salaam aleikum", "salam aleikum", "salam alekum",
    "salaam alaikum", "salam alaikum", "salamu alaikum", "assalamu alaikum", "assalam alaikum", "assalamualaikum",
    "as salamu alaykum", "ita kef", "kef", "keif", "kef halak", "jambo", "habari", "mambo", "kudual", "maale", "male",
    "السلام عليكم", "السلام عليكم ورحمة الله", "السلام عليكم ورحمة الله وبركاته", "سلام", "سلام عليكم", "مرحبا",
    "اهلا", "اهلا وسهلا", "هلا", "هاي", "صباح الخير", "مساء الخير", "كيف حالك", "كيفك",
];

#[rustfmt::skip]
const THANKS: &[&str] = &[
    "thanks", "thank", "thank you", "thankyou", "thank you very much", "thank you so much", "thanks a lot",
    "thanks so much", "thanks very much", "many thanks", "thanks alot", "ok thanks", "ok thank you", "okay thanks",
    "okay thank you", "yes thank you", "yes thanks", "thx", "thnx", "thanx", "tnx", "tanks", "thank u", "thanks bot",
    "thank you bot", "thanks sir", "thank you sir", "thanks my friend", "thank you my friend", "god bless",
    "god bless you", "bye", "bye bye", "ok bye", "goodbye", "good bye", "good night", "see you", "shukran",
    "shukran jazilan", "shukran ktir", "asante", "asante sana", "شكرا", "شكرا لك", "شكرا جزيلا", "الف شكر", "مشكور",
    "مع السلامة", "nice", "great", "good", "very good", "ok good", "okay good", "well done", "good job", "perfect",
    "wow", "cool", "wonderful", "amazing", "noted", "understood", "i understand", "i see", "alright", "all right",
    "fine", "ok fine", "you are welcome", "haha", "hahaha", "lol",
];

#[rustfmt::skip]
const YES: &[&str] = &[
    "yes", "y", "yea", "yeah", "yep", "yes please", "yes i do", "ok", "okay", "okey", "k", "sure", "agree", "i agree",
    "agreed", "yes i agree", "ok i agree", "okay i agree", "i accept", "accept", "1", "١", "aywa", "aiwa", "tamam",
    "نعم", "ايوه", "ايوا", "موافق", "اوافق", "تمام",
];

#[rustfmt::skip]
const NO: &[&str] = &[
    "no", "n", "nope", "nah", "no thanks", "no thank you", "not now", "keep", "la", "la shukran", "لا", "لا شكرا",
];

/// Reads one message.
///
/// `text` is as the person sent it. Context decides what `Yes` and `No` answer; here they are only heard.
#[must_use]
pub fn read(text: &str) -> Said {
    if rail::find(text).is_some() { Said::Danger } else { read_calm(text) }
}

/// The same for a text that is known to tell of no danger.
#[must_use]
pub fn read_calm(text: &str) -> Said {
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
    let once = said_once(&alone);
    let is = |list: &[&str]| list.contains(&alone.as_str()) || list.contains(&once.as_str());
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
        out.extend(piece.chars().flat_map(char::to_lowercase).filter(|c| !is_mark(*c)).map(folded));
    }
    out
}

/// One sign for the forms in which keyboards write it.
pub(crate) fn folded(c: char) -> char {
    match c {
        '’' | '‘' | '`' | '´' => '\'',
        'أ' | 'إ' | 'آ' => 'ا',
        _ => c,
    }
}

/// A letter that is drawn out ("hiii", "yesss") is said once.
fn said_once(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let mut run = 1;
        while letters.next_if_eq(&c).is_some() {
            run += 1;
        }
        let times = if run == 2 { 2 } else { 1 };
        out.extend(core::iter::repeat_n(c, times));
    }
    out
}

/// Whether a message is nothing but 4 to 6 digits of any script, spaces and the like between them.
///
/// Such a message loses its digits in `parse`, before anything is stored: it may be a PIN.
#[must_use]
pub fn is_only_pin(text: &str) -> bool {
    // "12*34" and "$1500" are sums and prices; everything else that is no letter is looked through.
    const COUNTS: &[char] = &['+', '*', '/', '=', '×', '÷', '^', '%', '<', '>', '√', '−', '$', '€', '£', '¢'];
    let mut digits = 0;
    for c in text.chars() {
        if c.is_numeric() {
            digits += 1;
            if digits > 6 {
                return false;
            }
        } else if COUNTS.contains(&c) || (c.is_alphabetic() && !is_mark(c)) {
            return false;
        }
    }
    digits >= 4
}

/// Whether a short message names a PIN and its digits, such as "my pin is 4711". Like one of nothing but digits it
/// loses them before anything is stored.
#[must_use]
pub fn names_pin(text: &str) -> bool {
    const MOST_WORDS: usize = 8;
    let words = || text.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty());
    let digits = text.chars().filter(|it| it.is_numeric()).count();
    (4..=6).contains(&digits)
        && words().count() <= MOST_WORDS
        && words().any(|it| it.eq_ignore_ascii_case("pin"))
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
        } else if !(c.is_whitespace()
            || is_mark(c)
            || matches!(c, '-' | '(' | ')' | '.')
            || (c == '+' && digits == 0))
        {
            return false;
        }
    }
    (7..=15).contains(&digits)
}

/// Marks without a width of their own: joiners, direction marks, variation selectors, Arabic short vowels.
pub(crate) fn is_mark(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{64b}'..='\u{652}' | '\u{640}')
}
