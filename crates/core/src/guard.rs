//! The guard on outgoing AI text: no PIN asked for, no number, code or link off the approved list.
//!
//! Prompts ask for this; the guard makes sure. Fixed texts do not pass here, they are written by people.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};

use once_cell::race::OnceBox;
use regex::{Captures, Regex};

use crate::policy;
use crate::texts::Texts;

/// What may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The text; empty when nothing may leave.
    pub text: String,
    /// Whether anything was taken out.
    pub changed: bool,
}

/// Takes out what AI text must never say. `texts` supplies what stands in its place.
#[must_use]
pub fn check(text: &str, rules: &policy::Guard, texts: &Texts) -> Checked {
    let Some(patterns) = patterns() else {
        // Without its patterns the guard lets nothing pass.
        return Checked { text: String::new(), changed: true };
    };
    let seen = as_seen(text);
    let asked_nothing = without_requests(&seen, patterns);
    let no_links = without_links(&asked_nothing, patterns, &rules.hosts, texts.link_removed);
    let no_codes = without_numbers(&no_links, patterns, &rules.numbers, texts.number_removed);
    let changed = no_codes != text;
    let left = no_codes.replace(texts.link_removed, "").replace(texts.number_removed, "");
    let has_words = left.chars().any(char::is_alphanumeric);
    Checked { text: if has_words { no_codes.trim().to_string() } else { String::new() }, changed }
}

/// The text as a reader takes it: wide letters and digits are plain ones, and what cannot be seen is not there. What
/// hides a number from us must not show it to a person.
fn as_seen(text: &str) -> Cow<'_, str> {
    let is_hidden =
        |c: char| matches!(c, '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}' | '\u{180e}');
    let is_wide = |c: char| matches!(c, '\u{ff01}'..='\u{ff5e}' | '\u{3000}');
    if !text.chars().any(|c| is_hidden(c) || is_wide(c)) {
        return Cow::Borrowed(text);
    }
    let plain = |c: char| match c {
        '\u{3000}' => ' ',
        _ if is_wide(c) => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    };
    Cow::Owned(text.chars().filter(|c| !is_hidden(*c)).map(plain).collect())
}

struct Patterns {
    dots: Regex,
    asks: Regex,
    warns: Regex,
    warned: Regex,
    links: Regex,
    codes: Regex,
    calls: Regex,
    phones: Regex,
}

/// "P.I.N." and "p-i-n" are PINs.
const DOTS: &str = r"(?i)\bp[.\-]\s?i[.\-]\s?n\b\.?";
/// A request for a secret.
#[rustfmt::skip]
const ASKS: &str = concat!(
    r"(?i)\b(?:(?:send|give|tell|show|share|enter|type|provide|reply|confirm|submit|write|text|input|put|key\s+in|verify|forward)\b",
    r"[^.!?\n]{0,80}\b|(?:what\s+is|what's|i\s+need|i\s+want|we\s+need|you\s+need)\s+(?:to\s+know\s+)?your\s(?:[^.!?\n]{0,40}\b)?)",
    r"(?:pin|pins|pin\s?code|password|passcode|otp|cvv|(?:one[ -]time|secret|verification|security|4[ -]digit|momo|mobile money)\s+(?:code|number)",
    r"|national id|identity card|id (?:number|card)|passport number|card number)\b",
    r"|(?:أرسل|ارسل|أعطني|اعطني|أعطنا|اكتب|أدخل|ادخل|أخبرني)[^.!?\n]{0,60}(?:الرقم السري|رقمك السري|كلمة السر|كلمة المرور|رمز|رقم بطاقت)",
);
/// A warning right before it, in the same clause: "never share", "nobody will ask you to send".
#[rustfmt::skip]
const WARNS: &str = concat!(
    r"(?i)(?:\b(?:never|not|don['’]t|dont|avoid|without|nobody|no one|cannot|can['’]t|won['’]t|shouldn['’]t|mustn['’]t|anyone who|someone who|if (?:anyone|someone|somebody))\b",
    r"(?:\s+[\p{L}'’/-]+){0,8}\s*|(?:^|\s)لا(?:\s+\p{L}+){0,2}\s*)$",
);
/// A warning right behind it: "share your PIN with nobody".
const WARNED: &str = r"(?i)^\s*(?:code\s+)?(?:with|to)\s+(?:nobody|no one|none)\b";
/// Where a clause ends, so that "do not worry and send me your PIN" is no warning.
const CLAUSES: &[&str] =
    &[",", ";", ":", "(", " and ", " but ", " then ", " so ", " please ", " just ", " because "];
/// Addresses of the web and of mail, with the brackets around them.
#[rustfmt::skip]
const LINKS: &str = concat!(
    r"(?i) ?\(?\b(?:(?:[a-z][a-z0-9+.-]{1,10}://|www\.)[^\s()<>]+|[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+",
    r"|(?:[a-z0-9-]+\.)+(?:com|org|net|info|io|co|ss|ug|ke|et|sd|tz|rw|ng|za|eg|eu|me|ly|gov|edu|int|app|xyz|site|online|shop",
    r"|store|top|biz|link|click|gd|gl|gle|cc|tv|ru|cn|uk|us|ai|dev|page|tk|africa|ngo|news|blog|live|club|website|mobi)\b",
    r"(?::\d+)?(?:/[^\s()<>]*)?)\)?",
);
/// USSD codes, also ones that lost their stars to Markdown.
const CODES: &str = r"[*#]{1,2}\s?\d(?:\s?[\d*])*\s?#|\b\d{3,}#|(?:^|[\s(])\*\d{3,4}(?:\*\d+)*#?";
/// A number that one is told to call, however short.
#[rustfmt::skip]
const CALLS: &str = concat!(
    r"(?i)(\b(?:call|dial|phone|telephone|tel|ring|sms|whatsapp|text|hotline|helpline|toll[- ]free|emergency number)\b",
    r"(?:[\s:.,('-]+(?:us|them|him|her|me|on|at|to|the|a|an|this|your|our|number|numbers|no|nr|line|lines|hotline|helpline|police",
    r"|ambulance|emergency|hospital|clinic|centre|center|toll|free|short|code|now|for|help|service|services|contact|mtn|zain",
    r"|fire|of|red|cross|unicef|who|un|government|ministry|health|national|local|nearest|is|please|or|and)\b){0,10}[\s:.,('-]*|اتصل[^\d.!?\n]{0,30})",
    r"(\+?\d[\d -]{1,14}\d)\b",
);
/// Seven digits and more.
const PHONES: &str = r"\+?\d(?:[ ().-]{0,2}\d){6,14}";
/// What stands behind a number that counts something.
#[rustfmt::skip]
const COUNTED: &[&str] = &[
    "ssp", "pounds", "pound", "dollars", "dollar", "usd", "shillings", "ugx", "percent", "people", "persons", "years",
    "year", "days", "hours", "minutes", "seconds", "times", "km", "kilometres", "kilometers", "metres", "meters", "m", "kg",
    "kilograms", "grams", "g", "litres", "liters", "ml", "cm", "mm", "words", "characters", "letters", "students", "units",
    "million", "billion", "bc", "ad", "شخص", "جنيه",
];

fn patterns() -> Option<&'static Patterns> {
    static COMPILED: OnceBox<Option<Patterns>> = OnceBox::new();
    let compile = || {
        let one = |text| Regex::new(text).ok();
        Some(Patterns {
            dots: one(DOTS)?,
            asks: one(ASKS)?,
            warns: one(WARNS)?,
            warned: one(WARNED)?,
            links: one(LINKS)?,
            codes: one(CODES)?,
            calls: one(CALLS)?,
            phones: one(PHONES)?,
        })
    };
    COMPILED.get_or_init(|| Box::new(compile())).as_ref()
}

/// Drops the sentences that ask for a secret; warnings such as "never share your PIN" stay.
fn without_requests<'a>(text: &'a str, patterns: &Patterns) -> Cow<'a, str> {
    let joined = patterns.dots.replace_all(text, "PIN");
    if !patterns.asks.is_match(&joined) {
        return Cow::Borrowed(text);
    }
    let sentences = joined.split_inclusive(['.', '!', '?', '؟', '\n']);
    Cow::Owned(sentences.filter(|sentence| is_harmless(sentence, patterns)).collect())
}

/// Whether every request of a sentence is warned against.
fn is_harmless(sentence: &str, patterns: &Patterns) -> bool {
    patterns.asks.find_iter(sentence).all(|found| {
        let before = sentence[..found.start()].to_lowercase();
        let ends = CLAUSES.iter().filter_map(|mark| before.rfind(mark).map(|at| at + mark.len()));
        let clause = &before[ends.max().unwrap_or(0)..];
        patterns.warns.is_match(clause) || patterns.warned.is_match(&sentence[found.end()..])
    })
}

fn without_links<'a>(text: &'a str, patterns: &Patterns, hosts: &[String], removed: &str) -> Cow<'a, str> {
    if !text.contains(['.', ':']) {
        return Cow::Borrowed(text);
    }
    patterns.links.replace_all(text, |found: &Captures<'_>| {
        let whole = found[0].trim_start_matches(' ');
        let space = &found[0][..found[0].len() - whole.len()];
        let inner = whole.trim_start_matches('(').trim_end_matches(')');
        let bare = inner.trim_end_matches(['.', ',', ';', ':', '!', '?']);
        if is_approved(bare, hosts) {
            return found[0].to_string();
        }
        let tail = &inner[bare.len()..];
        match (whole.starts_with('('), whole.ends_with(')')) {
            (true, true) => String::new(),
            (true, false) => format!("{space}({removed}{tail}"),
            (false, true) => format!("{space}{removed}{tail})"),
            (false, false) => format!("{space}{removed}{tail}"),
        }
    })
}

fn is_approved(link: &str, hosts: &[String]) -> bool {
    if link.contains('@') {
        return false;
    }
    let after_scheme = link.split_once("://").map_or(link, |(_, rest)| rest);
    let host = after_scheme.split(['/', '?', '#', ':']).next().unwrap_or_default().to_ascii_lowercase();
    hosts.iter().any(|allowed| {
        let allowed = allowed.to_ascii_lowercase();
        host == allowed || host.strip_suffix(allowed.as_str()).is_some_and(|left| left.ends_with('.'))
    })
}

fn without_numbers<'a>(
    text: &'a str,
    patterns: &Patterns,
    numbers: &[String],
    removed: &str,
) -> Cow<'a, str> {
    if !text.chars().any(char::is_numeric) {
        return Cow::Borrowed(text);
    }
    let approved = |found: &str| numbers.iter().any(|number| national(number) == national(found));
    let text = patterns.codes.replace_all(text, |found: &Captures<'_>| {
        let code = found[0].trim_start_matches(|c: char| c.is_whitespace() || c == '(');
        let before = &found[0][..found[0].len() - code.len()];
        if approved(code) { found[0].to_string() } else { format!("{before}{removed}") }
    });
    let text = patterns.calls.replace_all(&text, |found: &Captures<'_>| {
        let behind = found.get(0).map_or("", |it| &text[it.end()..]);
        if approved(&found[2]) || counts(behind) || is_year(&found[1], &found[2]) {
            found[0].to_string()
        } else {
            format!("{}{removed}", &found[1])
        }
    });
    let out = patterns.phones.replace_all(&text, |found: &Captures<'_>| {
        let is_phone = found
            .get(0)
            .is_some_and(|it| reads_as_phone(it.as_str(), &text[..it.start()], &text[it.end()..]));
        if is_phone && !approved(&found[0]) { removed.to_string() } else { found[0].to_string() }
    });
    Cow::Owned(out.into_owned())
}

/// Whether a number that ends here counts something.
fn counts(behind: &str) -> bool {
    let behind = behind.trim_start_matches([' ', '-']);
    let word = behind.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase();
    behind.starts_with('%') || COUNTED.contains(&word.as_str())
}

/// "A phone call in 1876": four digits of a year that nobody is told to dial.
fn is_year(before: &str, found: &str) -> bool {
    let digits = digits_of(found);
    let year = digits.len() == 4 && digits.parse().is_ok_and(|year: u32| (1000..=2100).contains(&year));
    let last = before.split_whitespace().next_back().unwrap_or_default().to_lowercase();
    year && !matches!(
        last.as_str(),
        "on" | "at" | "to" | "number" | "call" | "dial" | "line" | "code" | "hotline"
    ) && !before.trim_end().ends_with(':')
}

/// A number that is dialled, not counted: it begins with +, 0 or a country's code around here, or is nine
/// digits of a mobile number.
fn reads_as_phone(found: &str, before: &str, behind: &str) -> bool {
    const COUNTRIES: &[&str] = &["211", "249", "251", "254", "255", "256", "243", "250", "236"];
    let digits = digits_of(found);
    let decimal = found.contains('.') && found.matches('.').count() == 1 && !found.contains([' ', '-', '(']);
    // "3,0921234567" is a figure; "0921234567,0991234567" are two numbers.
    let figure = before.strip_suffix([',', '.', '٫', '٬']).is_some_and(|whole| {
        let run = whole.chars().rev().take_while(|c| c.is_numeric()).count();
        (1..=3).contains(&run)
    });
    if found.starts_with('+') {
        return !before.ends_with(char::is_numeric) || digits.len() >= 10;
    }
    if decimal || figure || before.ends_with('$') {
        return false;
    }
    let with_country = digits.len() >= 11 && COUNTRIES.iter().any(|code| digits.starts_with(code));
    let mobile = digits.starts_with('9') && digits.len() == 9;
    (digits.starts_with('0') && digits.len() >= 9) || ((with_country || mobile) && !counts(behind))
}

/// The digits that one phone has in every way of writing its number.
fn national(text: &str) -> String {
    let digits = digits_of(text);
    let bare = digits.strip_prefix("00").unwrap_or(&digits);
    let bare = bare.strip_prefix("211").filter(|rest| rest.len() == 9).unwrap_or(bare);
    let bare = bare.strip_prefix('0').filter(|rest| rest.len() == 9).unwrap_or(bare);
    bare.to_string()
}

/// The digits of any script as ASCII, with the signs of a code.
fn digits_of(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '*' | '#' => Some(c),
            '\u{660}'..='\u{669}' => char::from_digit(c as u32 - 0x660, 10),
            '\u{6f0}'..='\u{6f9}' => char::from_digit(c as u32 - 0x6f0, 10),
            _ => c.is_ascii_digit().then_some(c),
        })
        .collect()
}
