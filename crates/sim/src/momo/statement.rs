//! The statement that MTN's partner portal exports: CSV, one line a payment, times of Juba.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::{Offset, offset};

use super::book::{Book, Rules};
use super::check::Amount;
use super::ledger::full_name;

/// Juba is two hours ahead of UTC since 2021, all year.
const JUBA: Offset = offset(2);

/// A column of the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementColumn {
    /// The `financialTransactionId`.
    Id,
    /// The external id that was given with the request.
    ExternalId,
    /// Day and time in Juba, `2026-11-24 13:05:09`.
    Date,
    /// `Successful` or `Failed`.
    Status,
    /// `Payment`
    Type,
    /// The payer's number.
    From,
    /// The payer's name.
    FromName,
    /// The merchant's number.
    To,
    /// How much.
    Amount,
    /// Its currency.
    Currency,
    /// What the account held then; empty for failed payments.
    Balance,
}

impl StatementColumn {
    /// All, in the usual order.
    pub const ALL: [Self; 11] = [
        Self::Id,
        Self::ExternalId,
        Self::Date,
        Self::Status,
        Self::Type,
        Self::From,
        Self::FromName,
        Self::To,
        Self::Amount,
        Self::Currency,
        Self::Balance,
    ];

    /// All, in another order.
    pub const REORDERED: [Self; 11] = [
        Self::Date,
        Self::Type,
        Self::Amount,
        Self::Currency,
        Self::From,
        Self::FromName,
        Self::To,
        Self::Status,
        Self::Balance,
        Self::ExternalId,
        Self::Id,
    ];

    /// What its head says.
    #[must_use]
    pub const fn head(self) -> &'static str {
        match self {
            Self::Id => "Id",
            Self::ExternalId => "External id",
            Self::Date => "Date",
            Self::Status => "Status",
            Self::Type => "Type",
            Self::From => "From",
            Self::FromName => "From name",
            Self::To => "To",
            Self::Amount => "Amount",
            Self::Currency => "Currency",
            Self::Balance => "Balance",
        }
    }
}

/// What a statement looks like and what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementOptions {
    /// Begin with a byte order mark, as programs for tables like it.
    pub bom: bool,
    /// Amounts as `3,000.00` instead of `3000`.
    pub grouped: bool,
    /// Which columns, in which order.
    pub columns: Vec<StatementColumn>,
    /// With the failed payments too.
    pub failed: bool,
    /// Lines from this time on, ms since 1970.
    pub from_ms: Option<i64>,
    /// Lines before this time.
    pub to_ms: Option<i64>,
}

impl Default for StatementOptions {
    fn default() -> Self {
        Self {
            bom: false,
            grouped: false,
            columns: StatementColumn::ALL.to_vec(),
            failed: false,
            from_ms: None,
            to_ms: None,
        }
    }
}

struct Line {
    at_ms: i64,
    id: String,
    external_id: String,
    status: &'static str,
    from: String,
    from_name: String,
    amount: String,
    balance: String,
}

/// The whole statement, oldest line first.
pub(super) fn statement(book: &Book, options: &StatementOptions, rules: Rules<'_>) -> String {
    let mut lines: Vec<Line> = (book.ledger.entries.iter())
        .map(|entry| Line {
            at_ms: entry.at_ms,
            id: entry.transaction.clone(),
            external_id: entry.external_id.clone(),
            status: "Successful",
            from: entry.payer.clone(),
            from_name: entry.payer_name.clone(),
            amount: entry.amount.clone(),
            balance: entry.balance.clone(),
        })
        .collect();
    if options.failed {
        let failed = book.payments().filter(|payment| payment.status.as_deref() == Some("FAILED"));
        lines.extend(failed.map(|payment| Line {
            at_ms: payment.ended_ms.unwrap_or(payment.at_ms),
            id: payment.number.to_string(),
            external_id: payment.ask.external_id.clone(),
            status: "Failed",
            from: payment.ask.payer.clone(),
            from_name: full_name(&payment.ask.payer, rules),
            amount: payment.ask.amount.to_string(),
            balance: String::new(),
        }));
        lines.sort_by_key(|line| line.at_ms);
    }
    lines.retain(|line| {
        options.from_ms.is_none_or(|from| line.at_ms >= from)
            && options.to_ms.is_none_or(|to| line.at_ms < to)
    });
    let mut out = String::from(if options.bom { "\u{feff}" } else { "" });
    row(&mut out, options.columns.iter().map(|column| column.head().to_owned()));
    for line in &lines {
        row(&mut out, options.columns.iter().map(|column| cell(*column, line, options.grouped, rules)));
    }
    out
}

fn cell(column: StatementColumn, line: &Line, grouped: bool, rules: Rules<'_>) -> String {
    let money = |text: &String| match Amount::parse(text) {
        Some(amount) if grouped => amount.grouped(),
        _ => text.clone(),
    };
    match column {
        StatementColumn::Id => line.id.clone(),
        StatementColumn::ExternalId => line.external_id.clone(),
        StatementColumn::Date => juba_time(line.at_ms),
        StatementColumn::Status => line.status.to_owned(),
        StatementColumn::Type => "Payment".to_owned(),
        StatementColumn::From => line.from.clone(),
        StatementColumn::FromName => line.from_name.clone(),
        StatementColumn::To => rules.account.number.clone(),
        StatementColumn::Amount => money(&line.amount),
        StatementColumn::Currency => rules.account.currency.clone(),
        StatementColumn::Balance => money(&line.balance),
    }
}

fn juba_time(at_ms: i64) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    JUBA.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// One line, with quotes where a cell needs them.
fn row(out: &mut String, cells: impl Iterator<Item = String>) {
    for (at, cell) in cells.enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let quoted = cell.contains(['"', ',', '\n', '\r']);
        // Writing to a text cannot fail.
        let _ = if quoted {
            write!(out, "{comma}\"{}\"", cell.replace('"', "\"\""))
        } else {
            write!(out, "{comma}{cell}")
        };
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::{juba_time, row};

    #[test]
    fn times_are_those_of_juba() {
        assert_eq!(juba_time(1_795_525_800_000), "2026-11-24 15:10:00");
    }

    #[test]
    fn commas_and_quotes_are_quoted() {
        let mut out = String::new();
        row(&mut out, ["a", "3,000.00", "the \"shop\""].map(str::to_owned).into_iter());
        assert_eq!(out, "a,\"3,000.00\",\"the \"\"shop\"\"\"\r\n");
    }
}
