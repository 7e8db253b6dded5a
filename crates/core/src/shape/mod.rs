//! Plain text for a phone: what the AI wrote, without Markdown, LaTeX, tables and fences.

mod latex;
mod markdown;

use alloc::string::String;

use unicode_segmentation::UnicodeSegmentation;

/// The length of a text in UTF-16 units, as the platforms count.
#[must_use]
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Makes readable plain text of whatever the AI wrote. Any input is taken.
#[must_use]
pub fn plain(text: &str) -> String {
    let without_latex = latex::to_plain(text);
    tidy(&markdown::to_plain(&without_latex))
}

/// As [`plain`], of an answer whose last sentence may be `cut`: then it ends with the last finished one.
#[must_use]
pub fn answer(text: &str, cut: bool) -> String {
    let plain = plain(text);
    if cut { to_last_sentence(&plain) } else { plain }
}

/// Cuts a text so that the first part has at most `most` UTF-16 units.
///
/// Cuts after a sentence where one ends in the second half, else at a space, else between graphemes; only a
/// grapheme longer than `most` is cut itself. Both parts come without the space between them.
#[must_use]
pub fn cut(text: &str, most: usize) -> (&str, &str) {
    if units(text) <= most {
        return (text, "");
    }
    let (mut used, mut hard, mut space, mut sentence) = (0, 0, 0, 0);
    let mut before = '\0';
    for (at, grapheme) in text.grapheme_indices(true) {
        let is_space = grapheme.chars().all(char::is_whitespace);
        if is_space {
            space = at;
            if ends_sentence(&text[..at]) || grapheme.contains('\n') || before == '\n' {
                sentence = at;
            }
        }
        used += units(grapheme);
        if used > most {
            break;
        }
        hard = at + grapheme.len();
        before = grapheme.chars().next_back().unwrap_or_default();
    }
    if hard == 0 {
        hard = char_cut(text, most);
    }
    let at = [sentence, space].into_iter().find(|at| *at * 2 > hard).unwrap_or(hard);
    (text[..at].trim_end(), text[at..].trim_start())
}

/// A text up to its last finished sentence; whole where that would lose more than half.
#[must_use]
pub fn to_last_sentence(text: &str) -> String {
    let trimmed = text.trim_end();
    let mut ends =
        trimmed.char_indices().filter(|(_, c)| is_sentence_end(*c)).map(|(at, c)| at + c.len_utf8());
    let end = ends.rfind(|end| ends_sentence(&trimmed[..*end])).unwrap_or(0);
    let kept = if end * 2 >= trimmed.len() { &trimmed[..end] } else { trimmed };
    String::from(kept)
}

fn is_sentence_end(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '؟' | '۔' | '…' | '。')
}

/// "2." begins a list item, it ends no sentence.
fn ends_sentence(text: &str) -> bool {
    let mut back = text.chars().rev().skip_while(|c| matches!(c, '"' | '”' | ')' | '\''));
    match back.next() {
        Some('.') => {
            let line = text.trim_end_matches(['"', '”', ')', '\'']).trim_end_matches('.');
            let line = line.rsplit('\n').next().unwrap_or_default().trim_start();
            line.is_empty() || !line.chars().all(char::is_numeric)
        }
        Some(c) => is_sentence_end(c),
        None => false,
    }
}

fn char_cut(text: &str, most: usize) -> usize {
    let mut used = 0;
    let mut end = 0;
    for (at, c) in text.char_indices() {
        used += c.len_utf16();
        if used > most && end > 0 {
            break;
        }
        end = at + c.len_utf8();
    }
    end
}

/// No trailing spaces, no more than one empty line, no control characters.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines() {
        let line = line.trim_end();
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        out.extend(line.chars().filter(|c| *c == '\t' || !c.is_control()));
    }
    out
}
