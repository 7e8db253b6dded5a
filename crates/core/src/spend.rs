//! What answers cost, in whole millionths of a US dollar, and the caps on it.
//!
//! A call is *reserved* before it is made, at what it can cost at most, and *settled* after it at what it did cost.
//! A free question counts only while the free ones stay under their share of a cap, so that those who paid are
//! served to the end.

use alloc::string::String;
use core::iter::Sum;
use core::ops::{Add, AddAssign};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::policy::Budget;
use crate::time::JubaDay;

/// Millionths of a US dollar. Parts of one are rounded up: a cap is never passed by rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MicroUsd(pub u64);

impl MicroUsd {
    /// From dollars, as providers and people write them; below nought and what is no number count as nought.
    #[must_use]
    pub fn from_usd(usd: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast saturates at both ends"
        )]
        let billionths = (usd * 1e9 + 0.5) as u64;
        Self(billionths.div_ceil(1_000))
    }

    /// In dollars with six digits.
    #[must_use]
    pub fn usd(self) -> String {
        alloc::format!("{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }

    /// Less `other`, at least nought.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    fn percent(self, percent: u32) -> Self {
        let part = u128::from(self.0) * u128::from(percent) / 100;
        Self(u64::try_from(part).unwrap_or(u64::MAX))
    }
}

impl Add for MicroUsd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for MicroUsd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for MicroUsd {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

/// What a model costs: millionths of a US dollar for a million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// For tokens read.
    pub input: u64,
    /// For tokens written.
    pub output: u64,
}

impl Price {
    /// Of a model whose price nobody told us: as dear as the large models of 2024, so that a cap rather stops too early.
    pub const UNKNOWN: Self = Self { input: 2_500_000, output: 10_000_000 };

    /// What so many tokens cost.
    #[must_use]
    pub fn of(self, read: u64, written: u64) -> MicroUsd {
        let millionths =
            u128::from(read) * u128::from(self.input) + u128::from(written) * u128::from(self.output);
        MicroUsd(u64::try_from(millionths.div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }
}

/// About how many tokens a text is: four Latin letters are one, and two of other scripts.
#[must_use]
pub fn tokens(text: &str) -> u64 {
    let quarters: u64 = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    quarters.div_ceil(4)
}

/// What one call to a provider came to. An answer may have taken several: one that broke off costs too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// The provider's name in the settings.
    pub provider: String,
    /// The model that answered; the price follows it.
    pub model: String,
    /// Tokens read.
    pub tokens_in: u64,
    /// Tokens written.
    pub tokens_out: u64,
    /// What it cost: as the provider says, else by the price list.
    pub cost: MicroUsd,
    /// Nobody told the cost or the tokens: this is our guess.
    pub estimated: bool,
}

/// Why a question was not put to any provider.
pub const NO_MONEY: &str = "the AI budget is used up";

/// How much of a cap is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Enough is left.
    Open,
    /// It runs low: cheaper models.
    Thrifty,
    /// Nothing more may be spent: answers that are kept, and nothing else.
    Empty,
}

/// Why nothing can be reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// It is spent.
    Spent,
    /// Calls under way hold it; most of them will cost less.
    Reserved,
}

/// What was spent by free questions and by those of people who paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// By free questions.
    pub free: MicroUsd,
    /// By questions of people who paid.
    pub paid: MicroUsd,
}

impl Sums {
    fn add(&mut self, is_paid: bool, amount: MicroUsd) {
        if is_paid {
            self.paid += amount;
        } else {
            self.free += amount;
        }
    }

    fn take_away(&mut self, is_paid: bool, amount: MicroUsd) {
        let sum = if is_paid { &mut self.paid } else { &mut self.free };
        *sum = sum.less(amount);
    }

    fn both(self, other: Self) -> Self {
        Self { free: self.free + other.free, paid: self.paid + other.paid }
    }

    fn at_least(self, other: Self) -> Self {
        Self { free: self.free.max(other.free), paid: self.paid.max(other.paid) }
    }
}

/// What this process knows to be spent of the caps, and what its calls under way may still spend.
#[derive(Clone, Copy, Debug, Default)]
pub struct Purse {
    today: JubaDay,
    day: Sums,
    month: Sums,
    reserved: Sums,
}

impl Purse {
    /// Takes over what the store knows for a day and its month: other processes spend too. What this process has
    /// settled and the store does not know yet is not forgotten.
    ///
    /// A day before the one that is known means that the clock was ahead and is right again: what the store knows
    /// counts alone then.
    pub fn learn(&mut self, today: JubaDay, day: Sums, month: Sums) {
        if today < self.today {
            *self = Self { today, day, month, reserved: self.reserved };
            return;
        }
        self.turn(today);
        self.day = self.day.at_least(day);
        self.month = self.month.at_least(month);
    }

    /// Reserves what a call can cost at most. `Err` when a cap would be passed.
    pub fn reserve(
        &mut self,
        caps: &Budget,
        today: JubaDay,
        is_paid: bool,
        most: MicroUsd,
    ) -> Result<Level, NoRoom> {
        self.turn(today);
        match self.level(caps, is_paid, most, self.reserved) {
            Level::Empty if self.level(caps, is_paid, most, Sums::default()) == Level::Empty => {
                Err(NoRoom::Spent)
            }
            Level::Empty => Err(NoRoom::Reserved),
            level => {
                self.reserved.add(is_paid, most);
                Ok(level)
            }
        }
    }

    /// Puts in the place of a reservation what was really spent; nought for a call that was not made.
    pub fn settle(&mut self, today: JubaDay, is_paid: bool, reserved: MicroUsd, spent: MicroUsd) {
        self.turn(today);
        self.reserved.take_away(is_paid, reserved);
        self.day.add(is_paid, spent);
        self.month.add(is_paid, spent);
    }

    /// How things stand if `more` is spent on top of what is reserved.
    fn level(&self, caps: &Budget, is_paid: bool, more: MicroUsd, reserved: Sums) -> Level {
        let (day, month) = (self.day.both(reserved), self.month.both(reserved));
        let limits = [(caps.day_micro_usd, day), (caps.month_micro_usd, month)];
        let levels = limits
            .into_iter()
            .filter_map(|(cap, sums)| Some(level(MicroUsd(cap?), caps, is_paid, sums, more)));
        levels.max().unwrap_or(Level::Open)
    }

    /// Another day or month begins at nought. Calls under way stay reserved.
    fn turn(&mut self, today: JubaDay) {
        if today <= self.today {
            return;
        }
        self.day = Sums::default();
        if first_of_month(today) > self.today {
            self.month = Sums::default();
        }
        self.today = today;
    }
}

fn level(cap: MicroUsd, caps: &Budget, is_paid: bool, sums: Sums, more: MicroUsd) -> Level {
    let all = grade(cap, caps.thrifty_percent, sums.free + sums.paid, more);
    if is_paid {
        return all;
    }
    all.max(grade(cap.percent(caps.free_percent), caps.thrifty_percent, sums.free, more))
}

fn grade(cap: MicroUsd, thrifty_percent: u32, spent: MicroUsd, more: MicroUsd) -> Level {
    if cap.0 == 0 || spent + more > cap {
        Level::Empty
    } else if spent + more > cap.percent(thrifty_percent) {
        Level::Thrifty
    } else {
        Level::Open
    }
}

/// The first day of a day's month in Juba.
#[must_use]
pub fn first_of_month(day: JubaDay) -> JubaDay {
    let epoch = Date::constant(1970, 1, 1);
    let date = epoch.saturating_add(jiff::Span::new().days(day.0));
    JubaDay(day.0 - i32::from(date.day()) + 1)
}
