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
    let asked_nothing = without_requests(text, patterns);
    let no_links = without_links(&asked_nothing, patterns, &rules.hosts, texts.link_removed);
    let no_codes = without_numbers(&no_links, patterns, &rules.numbers, texts.number_removed);
    let changed = no_codes != text;
    let left = no_codes.replace(texts.link_removed, "").replace(texts.number_removed, "");
    let has_words = left.chars().any(char::is_alphanumeric);
    Checked { text: if has_words { no_codes.trim().to_string() } else { String::new() }, changed }
}

struct Patterns {
    asks: Regex,
    warns: Regex,
    links: Regex,
    codes: Regex,
    calls: Regex,
    phones: Regex,
}

/// A request for a secret.
const ASKS: &str = concat!(
    r"(?i)\b(?:send|give|tell|share|enter|type|provide|reply|confirm|submit|write|what\s+is|what's|need|want)\b",
    r"[^.!?\n]{0,80}\b(?:pin|password|passcode|otp|one[ -]time code|secret code|national id|id number|passport number)\b",
    r"|(?:أرسل|ارسل|أعطني|اعطني|اكتب|أدخل|ادخل)[^.!?\n]{0,60}(?:الرقم السري|كلمة السر|كلمة المرور|رمز)",
);
/// A warning against one.
const WARNS: &str = r"(?i)\b(?:never|not|don't|dont|avoid|without|nobody|no one|cannot|can't)\b|لا ";
/// Addresses of the web and of mail, with the brackets around them.
const LINKS: &str = concat!(
    r"(?i)\(?\b(?:(?:[a-z][a-z0-9+.-]{1,10}://|www\.)[^\s()<>]+|[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+",
    r"|(?:[a-z0-9-]+\.)+(?:com|org|net|info|io|co|ss|ug|ke|et|sd|me|ly|gov|edu|int|app|xyz|site|online|shop|top|biz",
    r"|link|click|gd|cc|ru|cn|uk|us|ai|dev|page|tk)\b(?:/[^\s()<>]*)?)\)?",
);
/// USSD codes.
const CODES: &str = r"[*#][*#]?\d[\d*]*#";
/// A number that one is told to call, however short.
const CALLS: &str = concat!(
    r"(?i)(\b(?:call|dial|phone|ring|sms|whatsapp|text|hotline|helpline|toll[- ]free)\b[^\d.!?\n]{0,30}|اتصل[^\d.!?\n]{0,30})",
    r"(\+?\d[\d -]{1,14}\d)\b",
);
/// Seven digits and more.
const PHONES: &str = r"\+?\d(?:[ ().-]{0,2}\d){6,14}";

fn patterns() -> Option<&'static Patterns> {
    static COMPILED: OnceBox<Option<Patterns>> = OnceBox::new();
    let compile = || {
        let one = |text| Regex::new(text).ok();
        Some(Patterns {
            asks: one(ASKS)?,
            warns: one(WARNS)?,
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
    if !patterns.asks.is_match(text) {
        return Cow::Borrowed(text);
    }
    let harmless = |sentence: &&str| !patterns.asks.is_match(sentence) || patterns.warns.is_match(sentence);
    let sentences = text.split_inclusive(['.', '!', '?', '؟', '\n']);
    Cow::Owned(sentences.filter(harmless).collect())
}

fn without_links<'a>(text: &'a str, patterns: &Patterns, hosts: &[String], removed: &str) -> Cow<'a, str> {
    if !text.contains(['.', ':']) {
        return Cow::Borrowed(text);
    }
    patterns.links.replace_all(text, |found: &Captures<'_>| {
        let whole = &found[0];
        let inner = whole.trim_start_matches('(').trim_end_matches(')');
        let bare = inner.trim_end_matches(['.', ',', ';', ':', '!', '?']);
        if is_approved(bare, hosts) {
            return whole.to_string();
        }
        let tail = &inner[bare.len()..];
        match (whole.starts_with('('), whole.ends_with(')')) {
            (true, true) => String::new(),
            (true, false) => format!("({removed}{tail}"),
            (false, true) => format!("{removed}{tail})"),
            (false, false) => format!("{removed}{tail}"),
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
        host == *allowed || host.strip_suffix(allowed.as_str()).is_some_and(|left| left.ends_with('.'))
    })
}

fn without_numbers<'a>(text: &'a str, patterns: &Patterns, numbers: &[String], removed: &str) -> Cow<'a, str> {
    if !text.chars().any(char::is_numeric) {
        return Cow::Borrowed(text);
    }
    let approved = |found: &str| {
        let digits = digits_of(found);
        numbers.iter().any(|number| digits_of(number) == digits)
    };
    let text = patterns.codes.replace_all(text, |found: &Captures<'_>| {
        if approved(&found[0]) { found[0].to_string() } else { removed.to_string() }
    });
    let text = patterns.calls.replace_all(&text, |found: &Captures<'_>| {
        if approved(&found[2]) { found[0].to_string() } else { format!("{}{removed}", &found[1]) }
    });
    let out = patterns.phones.replace_all(&text, |found: &Captures<'_>| {
        let is_phone = found.get(0).is_some_and(|it| reads_as_phone(it.as_str(), &text[..it.start()]));
        if is_phone && !approved(&found[0]) { removed.to_string() } else { found[0].to_string() }
    });
    Cow::Owned(out.into_owned())
}

/// A number that is dialled, not counted: it begins with +, 0 or our country's 211, or is nine digits in one.
fn reads_as_phone(found: &str, before: &str) -> bool {
    let digits = digits_of(found);
    let decimal = found.contains('.') && found.matches('.').count() == 1 && !found.contains([' ', '-']);
    // "3,0921234567" and "1.0000001" are figures.
    let inside_figure = before.ends_with([',', '.', '/', '=', '$', '٫', '٬']) && !before.ends_with(", ");
    if decimal || inside_figure {
        return false;
    }
    found.starts_with('+')
        || digits.starts_with("211")
        || (digits.starts_with('0') && digits.len() >= 9)
        || (digits.starts_with('9') && digits.len() == 9)
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
