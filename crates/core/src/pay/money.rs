//! Money: whole hundredths of one currency. No float ever holds an amount.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// What is charged in: pounds in production, euros in MTN's sandbox, which takes nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Currency {
    /// South Sudanese pounds. ISO counts 100 piastres to one; nobody uses them.
    #[serde(rename = "SSP")]
    Ssp,
    /// Euros.
    #[serde(rename = "EUR")]
    Eur,
}

impl Currency {
    /// The ISO code, as MTN wants it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ssp => "SSP",
            Self::Eur => "EUR",
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A text that is no currency of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a currency is SSP or EUR, such as SSP")]
pub struct BadCurrency;

impl FromStr for Currency {
    type Err = BadCurrency;

    /// Reads the ISO code, in either case, with or without space around it.
    fn from_str(text: &str) -> Result<Self, BadCurrency> {
        let text = text.trim();
        [Self::Ssp, Self::Eur].into_iter().find(|it| text.eq_ignore_ascii_case(it.code())).ok_or(BadCurrency)
    }
}

/// An amount, which may be negative. Equal means equal in value: "12.50" and "12.5" are the same money.
///
/// Amounts have no order, because two currencies have none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// A text that is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMoney {
    /// Not digits, or separators where none belong.
    #[error("an amount is digits with at most two decimals, such as 3000 or 12.50")]
    NotAnAmount,
    /// Less than a hundredth is told apart.
    #[error("an amount has at most two decimals, such as 12.50")]
    TooFine,
    /// Below zero where money can only be more than that.
    #[error("an amount is not negative, such as 3000")]
    Negative,
    /// More than 92,233,720,368,547,758.07.
    #[error("an amount has at most 16 digits before the point, such as 3000")]
    TooLarge,
}

impl Money {
    /// So many whole pounds or euros.
    #[must_use]
    pub const fn whole(units: i32, currency: Currency) -> Self {
        // `as` because `From` is not const; no bit is lost.
        Self { minor: units as i64 * 100, currency }
    }

    /// So many hundredths.
    #[must_use]
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The amount in hundredths.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// What it is counted in.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is more than nothing.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// Whether there are no hundredths.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.minor % 100 == 0
    }

    /// The sum; `None` when it does not fit or the currencies differ.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.with(other, i64::checked_add)
    }

    /// The difference; `None` when it does not fit or the currencies differ.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.with(other, i64::checked_sub)
    }

    /// The same amount the other way; `None` when it does not fit.
    #[must_use]
    pub fn checked_neg(self) -> Option<Self> {
        Some(Self { minor: self.minor.checked_neg()?, ..self })
    }

    fn with(self, other: Self, combine: fn(i64, i64) -> Option<i64>) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self { minor: combine(self.minor, other.minor)?, ..self })
    }

    /// The amount as MTN wants it: "3000", and "12.50" only where there are hundredths.
    ///
    /// MTN echoes "12.50" as "12.5", so what comes back is read with [`Money::parse`] and compared as money.
    #[must_use]
    pub fn to_momo(self) -> String {
        self.digits(|units| format!("{units}"))
    }

    /// Reads an amount that is not negative: "3000", "3000.0", "3,000.00", "3 000", "12.5".
    ///
    /// The decimal sign is the point. Commas or spaces stand between groups of three, so that "12,50" is
    /// refused and never read as 1250.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, BadMoney> {
        let text = text.trim();
        match text.strip_prefix(MINUS) {
            Some(amount) => read(amount).and(Err(BadMoney::Negative)),
            None => Ok(Self { minor: up(read(text)?)?, currency }),
        }
    }

    /// Reads an amount as [`Money::parse`] does, with or without a sign: "-3000", "+3000".
    pub fn parse_signed(text: &str, currency: Currency) -> Result<Self, BadMoney> {
        let text = text.trim();
        let minor = match text.strip_prefix(MINUS) {
            Some(amount) => 0_i64.checked_sub_unsigned(read(amount)?).ok_or(BadMoney::TooLarge)?,
            None => up(read(text.strip_prefix('+').unwrap_or(text))?)?,
        };
        Ok(Self { minor, currency })
    }

    fn digits(self, units: fn(u64) -> String) -> String {
        let minor = self.minor.unsigned_abs();
        let sign = if self.minor < 0 { "-" } else { "" };
        let units = units(minor / 100);
        match minor % 100 {
            0 => format!("{sign}{units}"),
            hundredths => format!("{sign}{units}.{hundredths:02}"),
        }
    }
}

impl fmt::Display for Money {
    /// For people: "3,000 SSP", "12.50 EUR".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.digits(grouped), self.currency)
    }
}

/// The hyphen, and the minus sign that spreadsheet programs write.
const MINUS: [char; 2] = ['-', '\u{2212}'];

fn up(minor: u64) -> Result<i64, BadMoney> {
    i64::try_from(minor).map_err(|_| BadMoney::TooLarge)
}

/// Hundredths of an amount without a sign.
fn read(text: &str) -> Result<u64, BadMoney> {
    let (units, decimals) = text.split_once('.').map_or((text, None), |(units, it)| (units, Some(it)));
    let hundredths = decimals.map_or(Ok(0), hundredths)?;
    let mut minor: u64 = 0;
    for digit in whole_digits(units)? {
        minor = minor.checked_mul(10).and_then(|it| it.checked_add(digit)).ok_or(BadMoney::TooLarge)?;
    }
    minor.checked_mul(100).and_then(|it| it.checked_add(hundredths)).ok_or(BadMoney::TooLarge)
}

/// The digits before the point. Either none is separated, or all are in groups of three by one sign.
fn whole_digits(text: &str) -> Result<impl Iterator<Item = u64>, BadMoney> {
    let is_digits = |piece: &str| !piece.is_empty() && piece.bytes().all(|it| it.is_ascii_digit());
    let separator = text.chars().find(|it| !it.is_ascii_digit());
    let well = match separator {
        None => is_digits(text),
        // Spaces of any width: spreadsheet programs write those that do not break.
        Some(sign @ (',' | ' ' | '\u{a0}' | '\u{202f}')) => text
            .split(sign)
            .enumerate()
            .all(|(at, group)| is_digits(group) && if at == 0 { group.len() <= 3 } else { group.len() == 3 }),
        Some(_) => false,
    };
    if !well {
        return Err(BadMoney::NotAnAmount);
    }
    Ok(text.chars().filter_map(|it| it.to_digit(10)).map(u64::from))
}

/// What stands behind the point, in hundredths; zeros at its end mean nothing.
fn hundredths(decimals: &str) -> Result<u64, BadMoney> {
    if decimals.is_empty() || !decimals.bytes().all(|it| it.is_ascii_digit()) {
        return Err(BadMoney::NotAnAmount);
    }
    let mut significant = decimals.trim_end_matches('0').chars().filter_map(|it| it.to_digit(10));
    let hundredths = significant.next().unwrap_or(0) * 10 + significant.next().unwrap_or(0);
    if significant.next().is_some() {
        return Err(BadMoney::TooFine);
    }
    Ok(u64::from(hundredths))
}

fn grouped(units: u64) -> String {
    let digits = format!("{units}");
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
