//! What is sent to a person: plain text, with buttons that can also be typed.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{AnswerLanguage, Region};
use crate::pay::price::Plan;
use crate::reuse::Key;

/// One message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The text; never Markdown.
    pub text: String,
    /// Buttons that stay under the message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
    /// Quick replies; they vanish when anything follows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quick_replies: Vec<Button>,
}

impl Message {
    /// A message without buttons.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A message with buttons that stay.
    pub fn with_buttons(text: impl Into<String>, buttons: &[Button]) -> Self {
        Self { text: text.into(), buttons: buttons.to_vec(), quick_replies: Vec::new() }
    }

    /// A message with quick replies.
    pub fn with_quick_replies(text: impl Into<String>, quick_replies: &[Button]) -> Self {
        Self { text: text.into(), buttons: Vec::new(), quick_replies: quick_replies.to_vec() }
    }
}

/// A button or quick reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What it says; at most the channel's title length.
    pub title: String,
    /// What it means.
    pub tap: Tap,
}

impl Button {
    /// A button.
    pub fn new(title: impl Into<String>, tap: Tap) -> Self {
        Self { title: title.into(), tap }
    }
}

/// Why a message is sent: decides what becomes of it when the window is shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The start text, which a typed yes answers.
    Start,
    /// An answer: parked for the next message.
    Answer,
    /// An answer to a command, a notice, an apology: dropped when it cannot be said now.
    Notice,
    /// About danger to life: never counted, never limited.
    Danger,
    /// News of money: kept for the person's next message, however long that takes, and told before all else.
    Money,
}

/// How the payload of [`Tap::Curated`] begins; the name follows.
const CURATED: &str = "CURATED_";

macro_rules! taps {
    ($($(#[$doc:meta])* $name:ident $(($arg:ty))? = $text:literal => $value:expr,)*) => {
        impl Tap {
            /// The payload that travels with the button; names of the running bot are kept.
            #[must_use]
            pub fn payload(self) -> Cow<'static, str> {
                if let Self::Curated(key) = self {
                    return Cow::Owned(format!("{CURATED}{key}"));
                }
                $(if self == $value { return Cow::Borrowed($text); })*
                Cow::Borrowed("MENU")
            }

            /// What a payload means; `None` for one that we never sent.
            #[must_use]
            pub fn from_payload(payload: &str) -> Option<Self> {
                match payload {
                    $($text => Some($value),)*
                    _ => payload.strip_prefix(CURATED).and_then(Key::from_hex).map(Self::Curated),
                }
            }
        }
    };
}

/// What a tapped button means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tap {
    /// The page's own start button.
    GetStarted,
    /// "I agree".
    Agree,
    /// Show the menu.
    Menu,
    /// Show the help.
    Help,
    /// Show the status.
    Status,
    /// Show the plans.
    Subscribe,
    /// Send the rest of the answer.
    More,
    /// Ask for a person.
    Human,
    /// Ask for the region again.
    Region,
    /// A region was chosen.
    RegionIs(Region),
    /// No region.
    RegionSkip,
    /// Ask for the language of answers.
    Language,
    /// A language was chosen; `None` follows the question.
    LanguageIs(Option<AnswerLanguage>),
    /// Yes, delete my data.
    Forget,
    /// No, keep it.
    ForgetNot,
    /// Yes, answer the old question.
    AskAgain,
    /// No, drop it.
    AskNot,
    /// A plan was chosen.
    PlanIs(Plan),
    /// Pay as shown.
    Pay,
    /// Another number pays.
    PayOther,
    /// The last answer helped.
    RateGood,
    /// The last answer is wrong.
    RateWrong,
    /// A question of the menu that a person answered: its name.
    Curated(Key),
}

taps! {
    GetStarted = "GET_STARTED" => Tap::GetStarted,
    Agree = "I_AGREE" => Tap::Agree,
    Menu = "MENU" => Tap::Menu,
    Help = "HELP" => Tap::Help,
    Status = "STATUS" => Tap::Status,
    Subscribe = "SUBSCRIBE" => Tap::Subscribe,
    More = "MORE" => Tap::More,
    Human = "HUMAN" => Tap::Human,
    Region = "REGION" => Tap::Region,
    RegionJuba = "REGION_JUBA" => Tap::RegionIs(Region::Juba),
    RegionWau = "REGION_WAU" => Tap::RegionIs(Region::Wau),
    RegionMalakal = "REGION_MALAKAL" => Tap::RegionIs(Region::Malakal),
    RegionElsewhere = "REGION_ELSEWHERE" => Tap::RegionIs(Region::Elsewhere),
    RegionSkip = "REGION_SKIP" => Tap::RegionSkip,
    Language = "LANGUAGE" => Tap::Language,
    LanguageAuto = "LANGUAGE_AUTO" => Tap::LanguageIs(None),
    LanguageEnglish = "LANGUAGE_ENGLISH" => Tap::LanguageIs(Some(AnswerLanguage::English)),
    LanguageArabic = "LANGUAGE_ARABIC" => Tap::LanguageIs(Some(AnswerLanguage::Arabic)),
    LanguageJubaArabic = "LANGUAGE_JUBA_ARABIC" => Tap::LanguageIs(Some(AnswerLanguage::JubaArabic)),
    Forget = "FORGET_YES" => Tap::Forget,
    ForgetNot = "FORGET_NO" => Tap::ForgetNot,
    AskAgain = "ASK_AGAIN_YES" => Tap::AskAgain,
    AskNot = "ASK_AGAIN_NO" => Tap::AskNot,
    Weekly = "PLAN_WEEKLY" => Tap::PlanIs(Plan::Weekly),
    Monthly = "PLAN_MONTHLY" => Tap::PlanIs(Plan::Monthly),
    Pay = "PAY" => Tap::Pay,
    PayOther = "PAY_OTHER" => Tap::PayOther,
    RateGood = "RATE_GOOD" => Tap::RateGood,
    RateWrong = "RATE_WRONG" => Tap::RateWrong,
}
