//! Which model answers: easy questions a cheap one, hard ones and those of people who paid a better one.
//!
//! It is guessed from the question's form; a wrong guess costs a little money or a little quality.

use serde::{Deserialize, Serialize};

use crate::domain::Domain;
use crate::policy;
use crate::prompt::is_arabic;
use crate::spend::Level;

/// How hard a question looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Short, one fact or one explanation.
    Easy,
    /// Neither easy nor hard.
    #[default]
    Usual,
    /// Sums, comparisons, texts to write, several things at once.
    Hard,
}

/// Which model is asked. A provider that has no such model uses its usual one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The cheap one.
    Cheap,
    /// The usual one.
    #[default]
    Usual,
    /// The better one.
    Better,
}

impl Tier {
    /// The name in metrics and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cheap => "cheap",
            Self::Usual => "usual",
            Self::Better => "better",
        }
    }
}

/// The tier that answers a question, by what is left of the caps.
#[must_use]
pub fn tier(grade: Grade, is_paid: bool, level: Level) -> Tier {
    match (level, grade) {
        (Level::Thrifty | Level::Empty, _) => Tier::Cheap,
        (_, Grade::Hard) => Tier::Better,
        _ if is_paid => Tier::Better,
        (_, Grade::Easy) => Tier::Cheap,
        (_, Grade::Usual) => Tier::Usual,
    }
}

/// The same by the policy: without routing the usual model answers everything.
#[must_use]
pub fn choose(policy: &policy::Ai, grade: Grade, is_paid: bool, level: Level) -> Tier {
    if policy.routing { tier(grade, is_paid, level) } else { Tier::Usual }
}

/// Longest easy question, in words.
const EASY_WORDS: usize = 12;
/// From so many words on a question is hard.
const HARD_WORDS: usize = 45;

/// How an easy question begins.
#[rustfmt::skip]
const EASY_OPENINGS: &[&str] = &[
    "what is", "what are", "what was", "what does", "what do", "whats", "what's", "who is", "who was", "who are", "when is",
    "when was", "when did", "when do", "where is", "where are", "which is", "which are", "define", "definition of", "meaning of",
    "the meaning of", "how many", "how much", "how long", "name", "list", "give examples", "give an example", "examples of",
    "is a", "is an", "is the", "are", "can", "does", "do", "what causes", "what type", "what kind", "what food", "what foods",
];

/// Words that ask for work: sums, comparisons, texts.
#[rustfmt::skip]
const WORK: &[&str] = &[
    "solve", "calculate", "prove", "derive", "simplify", "factorise", "factorize", "differentiate", "integrate", "equation",
    "equations", "compare", "contrast", "analyse", "analyze", "evaluate", "discuss", "essay", "letter", "cv", "resume",
    "proposal", "speech", "poem", "story", "summary", "summarise", "summarize", "translate", "plan", "budget", "strategy",
    "code", "program", "advise", "advice", "compose", "rewrite", "critically", "justify", "illustrate",
    "advantages", "disadvantages", "احسب", "حل", "قارن", "اكتب", "ترجم", "خطة",
];

/// How hard a question looks. Health is never easy: a careful model answers it.
#[must_use]
pub fn grade(question: &str, domain: Domain) -> Grade {
    let lower = question.to_lowercase();
    let words = lower.split_whitespace().count();
    let marks = question.chars().filter(|c| matches!(c, '?' | '؟')).count();
    let is_hard = |word: &str| WORK.contains(&word.trim_matches(|c: char| !c.is_alphanumeric()));
    let has_sum = lower.contains(['=', '+', '×', '÷', '^', '√']);
    if words >= HARD_WORDS
        || marks > 1
        || has_sum
        || lower.trim().contains('\n')
        || lower.split_whitespace().any(is_hard)
    {
        return Grade::Hard;
    }
    // Small models are weak in Arabic and in Juba Arabic.
    let opens = EASY_OPENINGS.iter().any(|opening| {
        lower.trim_start().strip_prefix(opening).is_some_and(|rest| rest.starts_with([' ', '?']))
    });
    let is_one_thing =
        !lower.contains(" and how") && !lower.contains(" and why") && !lower.contains(" and what");
    if opens && words <= EASY_WORDS && is_one_thing && domain != Domain::Health && !is_arabic(question) {
        return Grade::Easy;
    }
    Grade::Usual
}
