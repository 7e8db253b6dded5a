//! What a question is about, as far as it says how long an answer stays true.

use super::lists::{
    ABOUT_FARMING, ABOUT_GOVERNMENT, ABOUT_HEALTH, ABOUT_LANGUAGE, ABOUT_MONEY, ABOUT_SCHOOL,
};

/// What a question is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Domain {
    /// Law, offices, documents, elections.
    Government,
    /// Bodies and their illnesses.
    Health,
    /// Crops, animals, soil.
    Farming,
    /// Trade, money, work.
    Business,
    /// Words and grammar.
    Language,
    /// School facts.
    School,
    /// Nothing that is recognised.
    General,
}

const DAY_MS: i64 = 24 * 3_600_000;

impl Domain {
    /// The domain of a question in its normal form. Where two fit, the one that is kept shorter.
    #[must_use]
    pub fn of(normal: &str) -> Self {
        let about = |list: &[&str]| normal.split(' ').any(|word| list.contains(&word));
        if about(ABOUT_GOVERNMENT) {
            Self::Government
        } else if about(ABOUT_HEALTH) {
            Self::Health
        } else if about(ABOUT_FARMING) {
            Self::Farming
        } else if about(ABOUT_MONEY) {
            Self::Business
        } else if about(ABOUT_LANGUAGE) {
            Self::Language
        } else if about(ABOUT_SCHOOL) {
            Self::School
        } else {
            Self::General
        }
    }

    /// Its name in keys and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Government => "government",
            Self::Health => "health",
            Self::Farming => "farming",
            Self::Business => "business",
            Self::Language => "language",
            Self::School => "school",
            Self::General => "general",
        }
    }

    /// How long an answer is kept, in milliseconds, before the jitter of the caller.
    #[must_use]
    pub fn keep_ms(self) -> i64 {
        match self {
            Self::Government => 7 * DAY_MS,
            Self::Health | Self::Farming | Self::Business | Self::General => 30 * DAY_MS,
            Self::Language | Self::School => 180 * DAY_MS,
        }
    }

    /// Whether only an answer that a person approved may be shared.
    #[must_use]
    pub fn needs_approval(self) -> bool {
        self == Self::Health
    }
}
