//! The price book: dated rows that are added and never edited, and the quotes made from them.

use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::days::iso_date;
use super::money::{Currency, Money};
use crate::policy::Paying;
use crate::time::JubaDay;

/// What can be bought.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// A week.
    Weekly,
    /// A month of 30 days.
    Monthly,
}

impl Plan {
    /// Both plans, the shorter first.
    pub const ALL: [Self; 2] = [Self::Weekly, Self::Monthly];

    /// Its name in commands, files and ids.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// How many days it gives under this policy.
    #[must_use]
    pub const fn days(self, policy: &Paying) -> u32 {
        match self {
            Self::Weekly => policy.weekly_days,
            Self::Monthly => policy.monthly_days,
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that is no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a plan is weekly or monthly, such as weekly")]
pub struct BadPlan;

impl FromStr for Plan {
    type Err = BadPlan;

    /// Reads the name, in either case, with or without space around it.
    fn from_str(text: &str) -> Result<Self, BadPlan> {
        let text = text.trim();
        Self::ALL.into_iter().find(|it| text.eq_ignore_ascii_case(it.name())).ok_or(BadPlan)
    }
}

/// One price, from one day on until a later row of its plan begins. Never edited but for `confirmed`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct PriceRow {
    /// What it is the price of.
    pub plan: Plan,
    /// The price in whole pounds.
    pub amount: Money,
    /// The first day on which it holds.
    pub from: JubaDay,
    /// Counts the rows of one plan from 1. Plan and version name a row for ever.
    pub version: u32,
    /// Whether the owner stands by it; production charges nothing else.
    pub confirmed: bool,
}

/// Whether and where people are charged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Selling {
    /// Nothing is sold.
    Off,
    /// MTN's sandbox: the same figures in euros, its only currency. No money moves.
    Sandbox,
    /// Real pounds.
    Production,
}

/// A price as it was shown. What is charged, and what a late payment is honoured at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Quote {
    /// What is bought.
    pub plan: Plan,
    /// How many days it gives.
    pub days: u32,
    /// What it costs.
    pub price: Money,
    /// The row that it comes from.
    pub version: u32,
}

/// All prices there ever were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<PriceRow>", into = "Vec<PriceRow>")]
pub struct PriceBook {
    rows: Vec<PriceRow>,
}

impl Default for PriceBook {
    fn default() -> Self {
        Self::built_in()
    }
}

impl From<Vec<PriceRow>> for PriceBook {
    /// Lays stored rows over the built-in ones, which a store need not hold until they are confirmed.
    fn from(stored: Vec<PriceRow>) -> Self {
        let mut book = Self::built_in();
        for row in stored {
            match book.rows.iter_mut().find(|it| (it.plan, it.version) == (row.plan, row.version)) {
                Some(known) => *known = row,
                None => book.rows.push(row),
            }
        }
        book
    }
}

impl From<PriceBook> for Vec<PriceRow> {
    fn from(book: PriceBook) -> Self {
        book.rows
    }
}

/// A row that the book does not take. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// Prices of the past were charged already.
    #[error("a price begins today or later, such as {}", iso_date(*today))]
    Past {
        /// The day it is.
        today: JubaDay,
    },
    /// The plan has a row from that day.
    #[error(
        "the {} price from {} is {} already; choose another day, such as {}",
        row.plan,
        iso_date(row.from),
        row.amount,
        iso_date(JubaDay(row.from.0.saturating_add(1)))
    )]
    Twice {
        /// The row that is there.
        row: PriceRow,
    },
    /// Nothing, or less.
    #[error("a price is more than nothing, such as 3000")]
    NotPositive,
    /// Nobody pays piastres.
    #[error("a price is in whole pounds, such as 3000")]
    NotWhole,
    /// Another currency.
    #[error("a price is in SSP, such as 3000 SSP")]
    NotPounds,
    /// More than five times, or less than a fifth of, the price before or after it: likely a digit too many
    /// or too few.
    #[error(
        "the {} price beside it is {}, and {asked} is more than five times away; if it is meant, go there in \
         steps, such as {step} first",
        row.plan,
        row.amount
    )]
    Slip {
        /// The neighbouring row.
        row: PriceRow,
        /// The amount that was asked for.
        asked: Money,
        /// The furthest amount that is taken.
        step: Money,
    },
}

/// How far a price may be from its neighbour, as a factor.
const FACTOR: i64 = 5;

impl PriceBook {
    /// The first rows, which wait for the owner's word: 3,000 SSP a week and 6,500 SSP a month.
    #[must_use]
    pub fn built_in() -> Self {
        let row = |plan, pounds| PriceRow {
            plan,
            amount: Money::whole(pounds, Currency::Ssp),
            from: JubaDay(0),
            version: 1,
            confirmed: false,
        };
        Self { rows: Vec::from([row(Plan::Weekly, 3_000), row(Plan::Monthly, 6_500)]) }
    }

    /// All rows, in the order in which they were added.
    #[must_use]
    pub fn rows(&self) -> &[PriceRow] {
        &self.rows
    }

    /// The row in force on a day: the latest that begins on or before it.
    #[must_use]
    pub fn on(&self, plan: Plan, day: JubaDay) -> Option<&PriceRow> {
        self.of(plan).filter(|it| it.from <= day).max_by_key(|it| (it.from, it.version))
    }

    /// The row that a quote or an order names.
    #[must_use]
    pub fn version(&self, plan: Plan, version: u32) -> Option<&PriceRow> {
        self.of(plan).find(|it| it.version == version)
    }

    /// What a plan costs on a day; `None` when it is not sold: selling is off, or production has no
    /// confirmed row in force.
    #[must_use]
    pub fn quote(&self, plan: Plan, day: JubaDay, selling: Selling, policy: &Paying) -> Option<Quote> {
        let row = self.on(plan, day)?;
        let price = match selling {
            Selling::Off => return None,
            Selling::Production if !row.confirmed => return None,
            Selling::Production => row.amount,
            Selling::Sandbox => Money::from_minor(row.amount.minor(), Currency::Eur),
        };
        Some(Quote { plan, days: plan.days(policy), price, version: row.version })
    }

    /// Adds a row of the owner's own, which is confirmed by that, and gives it back to be stored.
    ///
    /// Paid days keep the price they were bought at.
    pub fn add(
        &mut self,
        plan: Plan,
        amount: Money,
        from: JubaDay,
        today: JubaDay,
    ) -> Result<PriceRow, PriceError> {
        if amount.currency() != Currency::Ssp {
            return Err(PriceError::NotPounds);
        }
        if !amount.is_positive() {
            return Err(PriceError::NotPositive);
        }
        if !amount.is_whole() {
            return Err(PriceError::NotWhole);
        }
        if from < today {
            return Err(PriceError::Past { today });
        }
        if let Some(row) = self.of(plan).find(|it| it.from == from) {
            return Err(PriceError::Twice { row: *row });
        }
        let next = self.of(plan).filter(|it| it.from > from).min_by_key(|it| it.from);
        for row in self.on(plan, from).into_iter().chain(next) {
            if let Some(step) = step_if_far(row.amount.minor(), amount.minor()) {
                let step = Money::from_minor(step, Currency::Ssp);
                return Err(PriceError::Slip { row: *row, asked: amount, step });
            }
        }
        let last = self.of(plan).map(|it| it.version).max().unwrap_or(0);
        let row = PriceRow { plan, amount, from, version: last.saturating_add(1), confirmed: true };
        self.rows.push(row);
        Ok(row)
    }

    /// Takes the built-in first rows into force, and gives those to be stored that were not confirmed before.
    pub fn confirm(&mut self) -> Vec<PriceRow> {
        let waiting = self.rows.iter_mut().filter(|it| !it.confirmed);
        waiting
            .map(|row| {
                row.confirmed = true;
                *row
            })
            .collect()
    }

    fn of(&self, plan: Plan) -> impl Iterator<Item = &PriceRow> {
        self.rows.iter().filter(move |it| it.plan == plan)
    }
}

/// The furthest whole amount that is taken, when `asked` is further from `before` than the factor allows.
fn step_if_far(before: i64, asked: i64) -> Option<i64> {
    if asked > before.saturating_mul(FACTOR) {
        Some(before.saturating_mul(FACTOR))
    } else if before > asked.saturating_mul(FACTOR) {
        // Rounded up to whole pounds, else the step itself would be too far.
        Some((before + FACTOR * 100 - 1) / (FACTOR * 100) * 100)
    } else {
        None
    }
}
