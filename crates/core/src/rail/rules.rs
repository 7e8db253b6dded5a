//! The rules as `data/rail.json` holds them: what a nurse reads, reviews and signs.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Deserialize;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub struct Book {
    /// What the file is, for its reader.
    pub note: Vec<&'static str>,
    /// Hospitals by town.
    pub places: Places,
    /// What is listened for.
    pub rules: Vec<Rule>,
    /// What is no question at all.
    pub abuse: Vec<Misuse>,
    /// When a question about danger is only a question.
    pub learning: Learning,
    /// Words that stand for one another; a sign names a group with `@`.
    pub groups: BTreeMap<&'static str, Vec<&'static str>>,
    /// Short forms of words that are too short to be matched misspelt.
    pub spellings: BTreeMap<&'static str, Vec<&'static str>>,
    /// Words that may stand between the words of a sign.
    pub fillers: Vec<&'static str>,
    /// Ordinary words that look like a misspelt word of danger, and are none.
    pub ordinary: Vec<&'static str>,
}

/// Where to turn, by name only: phone numbers change, and a wrong one costs time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// In Juba.
    pub juba: &'static str,
    /// In Wau.
    pub wau: &'static str,
    /// In Malakal.
    pub malakal: &'static str,
    /// Day on which somebody made sure of the names, `YYYY-MM-DD`.
    pub checked_on: Option<&'static str>,
}

/// What a danger is about: it decides the wording that is careful enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Illness or injury.
    Body,
    /// The person may harm themself.
    SelfHarm,
    /// Somebody harms or threatens the person.
    Violence,
}

/// One danger.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Short name; it stands in figures and is never given another meaning.
    pub id: &'static str,
    /// What it is about, in words.
    pub about: &'static str,
    /// Decides the careful wording.
    pub kind: Kind,
    /// Whether an animal does the harm; else a message about an animal's illness is none of ours.
    #[serde(default)]
    pub by_animal: bool,
    /// Signs that say that it happens to somebody.
    pub sure: Signs,
    /// Signs that may also be the subject of a lesson.
    pub maybe: Signs,
    /// Things that are danger only together.
    #[serde(default)]
    pub together: Together,
    /// Words with which this rule is silent.
    #[serde(default)]
    pub not: Vec<&'static str>,
    /// What is said once a nurse or doctor signed it.
    pub text: &'static str,
    /// The guideline behind the text.
    pub source: Source,
    /// Day on which text and source were compared, `YYYY-MM-DD`.
    pub checked_on: Option<&'static str>,
    /// Name and office of who signed; without it the text is not said.
    pub reviewed_by: Option<&'static str>,
    /// Anything the next reader should know.
    #[serde(default)]
    pub note: &'static str,
    /// Messages that show what the rule does.
    pub cases: Cases,
}

/// Things that each may be harmless: a person with one heavy thing and one more is in danger.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub struct Together {
    /// At least one of these must be told.
    pub heavy: Vec<&'static str>,
    /// These only add to it.
    pub light: Vec<&'static str>,
}

/// Signs by language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub struct Signs {
    /// English.
    #[serde(default)]
    pub en: Vec<&'static str>,
    /// Arabic script.
    #[serde(default)]
    pub ar: Vec<&'static str>,
    /// Juba Arabic in Latin letters.
    #[serde(default)]
    pub juba: Vec<&'static str>,
    /// Of groups that hold words of all three: "dabi bit my son".
    #[serde(default)]
    pub mixed: Vec<&'static str>,
}

impl Signs {
    /// All signs, whatever their language.
    pub fn all(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.en.iter().chain(&self.ar).chain(&self.juba).chain(&self.mixed).copied()
    }
}

/// A guideline.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Who wrote it and what it is called.
    pub name: &'static str,
    /// Where it stands.
    pub link: &'static str,
}

/// Messages that show what a rule does.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub struct Cases {
    /// These are heard.
    pub yes: Vec<&'static str>,
    /// These are not.
    pub no: Vec<&'static str>,
}

/// What somebody tries with the bot instead of asking.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Abuse {
    /// To put other rules in the place of ours.
    Override,
    /// To read our instructions.
    Reveal,
    /// To insult.
    Insult,
}

/// One kind of misuse.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub struct Misuse {
    /// Which.
    pub kind: Abuse,
    /// Its signs, in any language.
    pub signs: Vec<&'static str>,
    /// Messages that show what it does.
    pub cases: Cases,
}

/// Words that show that nobody is in danger now.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub struct Learning {
    /// School, books, games, dreams, trade: they calm every sign, unless it is said to be urgent.
    pub school: Vec<&'static str>,
    /// Keeping safe: they calm every sign, unless somebody was hurt.
    pub avoid: Vec<&'static str>,
    /// Asking in general: they calm what may be a lesson, unless a person is meant.
    pub ask: Vec<&'static str>,
    /// What is over, small or only told: it calms as school does.
    pub past: Vec<&'static str>,
}

impl Book {
    /// Reads the file.
    ///
    /// # Errors
    /// One sentence with line and column of what cannot be read.
    pub fn read(data: &'static str) -> Result<Self, String> {
        serde_json::from_str(data).map_err(|fault| fault.to_string())
    }
}
