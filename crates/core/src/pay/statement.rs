//! A statement of the MoMo partner account, as CSV text, read line by line.
//!
//! MTN publishes no layout. Columns are found by their names wherever they stand; what is not understood is
//! refused with a sentence, because a line passed over would be money lost.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::dates;
use super::money::{Currency, Money};
use super::phone::Msisdn;
use super::records::{Record, Records};
use crate::time::Time;

/// Longest statement read, in bytes: about a hundred thousand lines.
pub const LONGEST: usize = 16 * 1024 * 1024;

/// One movement on the account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The line of the file it begins on, counted from 1.
    pub number: usize,
    /// MTN's own id of the movement (`financialTransactionId` in its API).
    pub mtn_id: String,
    /// What we gave as `externalId`.
    pub external_id: Option<String>,
    /// Our `X-Reference-Id`, where the file has it.
    pub reference: Option<String>,
    /// When it happened. The file's wall time is taken as Juba's unless it names an offset.
    pub at: Option<Time>,
    /// What became of it. Only a successful one moved money.
    pub status: Status,
    /// Money in. The sign says so in a file that has signs; else the type of the movement does, and what
    /// names neither way is money in, so that it is looked at.
    pub is_credit: bool,
    /// Who paid; `None` when the file does not say, or names an account that is no phone.
    pub payer: Option<Msisdn>,
    /// How much, never negative.
    pub amount: Money,
}

/// What became of a movement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Status {
    /// Money moved.
    Successful,
    /// Not yet.
    Pending,
    /// It ended without money.
    Failed,
    /// A word that this release does not know; never taken for success.
    Other(String),
}

/// A line that was not understood. It is shown to an operator, who must look at it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct BadLine {
    /// The line of the file it begins on, counted from 1.
    pub number: usize,
    /// The line it ends on; a later one when a quoted cell runs over lines.
    pub last: usize,
    /// What is wrong and what to do, in one sentence without the line.
    pub why: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.number == self.last {
            write!(f, "line {}: {}", self.number, self.why)
        } else {
            write!(f, "lines {} to {}: {}", self.number, self.last, self.why)
        }
    }
}

/// A text that is no statement. Nothing of it was read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StatementError {
    /// Nothing in it.
    #[error("the statement is empty; export it as CSV with a line of column names, such as {EXAMPLE}")]
    Empty,
    /// Beyond [`LONGEST`].
    #[error("the statement has more than 16 MiB; export a shorter time, such as one month")]
    TooLong,
    /// Columns that nothing can be read without are not there.
    #[error("the statement has no column {}; it has {}; export it as CSV with columns such as {EXAMPLE}",
        missing.join(" and no "), found.join(", "))]
    UnknownLayout {
        /// The columns that are missing.
        missing: Vec<&'static str>,
        /// The names in the first line, shortened; what holds a long number is not repeated.
        found: Vec<String>,
    },
}

const EXAMPLE: &str = "Id, External id, Date, Status, Type, From, Amount, Currency";

/// Reads a statement. Lines stand in the order of the file, and none that holds anything is left out.
///
/// The text may begin with a byte order mark; cells are divided by comma, semicolon or tab. A file without a
/// column for the currency is in pounds.
pub fn read(text: &str) -> Result<Vec<Result<Line, BadLine>>, StatementError> {
    if text.len() > LONGEST {
        return Err(StatementError::TooLong);
    }
    // The delimiter under which most names are known; the comma when none is.
    let known = |delimiter: u8| {
        let header = Records::new(text, delimiter).find(|it| !is_blank(it));
        header.map_or(0, |it| it.cells.iter().filter(|name| is_known(name)).count())
    };
    let delimiter = b"\t;,".iter().copied().max_by_key(|it| known(*it)).unwrap_or(b',');
    let mut records = Records::new(text, delimiter);
    let header = records.find(|it| !is_blank(it)).ok_or(StatementError::Empty)?;
    let layout = Layout::of(&header.cells)?;
    let records: Vec<Record> = records.filter(|it| it.is_open || !is_blank(it)).collect();
    let is_signed = records.iter().any(|it| layout.amount(it).starts_with(['-', '\u{2212}']));
    let line = |record: Record| {
        layout.line(&record, is_signed).map_err(|why| BadLine {
            number: record.first_line,
            last: record.last_line,
            why,
        })
    };
    Ok(records.into_iter().map(line).collect())
}

/// Rows of empty cells, which spreadsheet programs leave at the end.
fn is_blank(record: &Record) -> bool {
    record.cells.iter().all(|it| it.trim().is_empty())
}

// The names of each column, letters and digits only, the surest first.
#[rustfmt::skip]
const MTN_ID: &[&str] = &["financialtransactionid", "transactionid", "momotransactionid", "id"];
const EXTERNAL_ID: &[&str] = &["externaltransactionid", "externalid"];
const REFERENCE: &[&str] = &["xreferenceid", "referenceid", "transactionreference", "reference"];
const DATE: &[&str] =
    &["dateandtime", "datetime", "transactiondate", "date", "created", "createdat", "timestamp", "time"];
const STATUS: &[&str] = &["status", "transactionstatus"];
const TYPE: &[&str] = &["type", "transactiontype"];
const PAYER: &[&str] =
    &["frommsisdn", "payermsisdn", "payer", "sendermsisdn", "sender", "fromaccount", "from", "msisdn"];
const AMOUNT: &[&str] = &["amount", "transactionamount"];
const CURRENCY: &[&str] = &["currency", "amountcurrency", "transactioncurrency"];

const ALL: &[&[&str]] = &[MTN_ID, EXTERNAL_ID, REFERENCE, DATE, STATUS, TYPE, PAYER, AMOUNT, CURRENCY];

fn plain(name: &str) -> String {
    name.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn is_known(name: &str) -> bool {
    let name = plain(name);
    ALL.iter().any(|it| it.contains(&name.as_str()))
}

/// Where each column stands.
struct Layout {
    width: usize,
    mtn_id: usize,
    external_id: Option<usize>,
    reference: Option<usize>,
    date: Option<usize>,
    status: usize,
    kind: Option<usize>,
    payer: Option<usize>,
    amount: usize,
    currency: Option<usize>,
}

impl Layout {
    fn of(header: &[String]) -> Result<Self, StatementError> {
        let names: Vec<String> = header.iter().map(|it| plain(it)).collect();
        let find = |column: &[&str]| column.iter().find_map(|name| names.iter().position(|it| it == name));
        let (Some(mtn_id), Some(status), Some(amount)) = (find(MTN_ID), find(STATUS), find(AMOUNT)) else {
            let needed = [("Id", MTN_ID), ("Status", STATUS), ("Amount", AMOUNT)];
            let missing = needed.iter().filter(|(_, column)| find(column).is_none()).map(|(name, _)| *name);
            let found = header.iter().take(40).map(|it| shown(it)).collect();
            return Err(StatementError::UnknownLayout { missing: missing.collect(), found });
        };
        // Fees and balances have currencies of their own: the one beside the amount counts.
        let currencies = names.iter().enumerate().filter(|(_, it)| CURRENCY.contains(&it.as_str()));
        let currency = currencies.map(|(at, _)| at).min_by_key(|at| (at.abs_diff(amount), *at < amount));
        Ok(Self {
            width: header.len(),
            mtn_id,
            external_id: find(EXTERNAL_ID),
            reference: find(REFERENCE),
            date: find(DATE),
            status,
            kind: find(TYPE),
            payer: find(PAYER),
            amount,
            currency,
        })
    }

    fn amount<'a>(&self, record: &'a Record) -> &'a str {
        cell(record, self.amount)
    }

    fn line(&self, record: &Record, is_signed: bool) -> Result<Line, String> {
        if record.is_open {
            return Err(
                "a quote opens here that nothing closes, so this line and all below it were not read; \
                        close it, or export the statement again"
                    .to_owned(),
            );
        }
        let beyond = record.cells.get(self.width..).unwrap_or_default();
        if record.cells.len() < self.width || beyond.iter().any(|it| !it.trim().is_empty()) {
            let (has, width) = (record.cells.len(), self.width);
            return Err(format!(
                "it has {has} cells where the first line names {width}; quote a cell that holds the \
                 delimiter, such as \"3,000.00\""
            ));
        }
        let optional = |at: Option<usize>| {
            at.map(|at| cell(record, at)).filter(|it| !it.is_empty()).map(ToOwned::to_owned)
        };
        let mtn_id = cell(record, self.mtn_id).to_owned();
        if mtn_id.is_empty() {
            return Err("it has no id of MTN's, such as 1234567890".to_owned());
        }
        let payer = optional(self.payer);
        if is_rounded(&mtn_id) || payer.as_deref().is_some_and(is_rounded) {
            return Err("a spreadsheet program rounded a number to something such as 2.11E+11; export the \
                        statement again and do not save it there"
                .to_owned());
        }
        let (amount, is_negative) = self.money(record)?;
        let is_credit =
            if is_signed { !is_negative } else { !optional(self.kind).is_some_and(|it| is_out(&it)) };
        let at = optional(self.date).map(|it| {
            dates::read(&it).ok_or_else(|| {
                format!("the date \"{}\" is not understood; write it as 2026-12-31 14:05", shown(&it))
            })
        });
        Ok(Line {
            number: record.first_line,
            mtn_id,
            external_id: optional(self.external_id),
            reference: optional(self.reference),
            at: at.transpose()?,
            status: status(cell(record, self.status))?,
            is_credit,
            payer: payer.and_then(|it| Msisdn::read(&it)),
            amount,
        })
    }

    fn money(&self, record: &Record) -> Result<(Money, bool), String> {
        let currency = match self.currency.map(|at| cell(record, at)) {
            None => Currency::Ssp,
            Some(text) => {
                text.parse().map_err(|error| format!("the currency \"{}\": {error}", shown(text)))?
            }
        };
        let text = self.amount(record);
        let amount = Money::parse_signed(text, currency)
            .map_err(|error| format!("the amount \"{}\": {error}", shown(text)))?;
        if amount.minor() >= 0 {
            return Ok((amount, false));
        }
        let positive = amount.checked_neg().ok_or_else(|| format!("the amount {amount} is too large"))?;
        Ok((positive, true))
    }
}

/// A cell without space around it, and without the apostrophe by which spreadsheet programs keep digits.
fn cell(record: &Record, at: usize) -> &str {
    let text = record.cells.get(at).map_or("", |it| it.trim());
    text.strip_prefix('\'').unwrap_or(text)
}

/// What is repeated of a file in an error: short, and without long numbers, which may be a person's.
fn shown(text: &str) -> String {
    if text.chars().filter(char::is_ascii_digit).count() >= 9 && !text.contains(':') {
        return "(a number)".to_owned();
    }
    text.trim().chars().take(40).collect()
}

fn is_rounded(text: &str) -> bool {
    let is_number = |it: &str| it.bytes().all(|it| it.is_ascii_digit() || it == b'.' || it == b',');
    text.split_once("E+").is_some_and(|(number, power)| is_number(number) && is_number(power))
}

fn status(text: &str) -> Result<Status, String> {
    match plain(text).as_str() {
        "" => Err("it has no status, such as Successful".to_owned()),
        "successful" | "success" | "succeeded" | "completed" | "complete" => Ok(Status::Successful),
        "pending" | "created" | "ongoing" | "processing" | "inprogress" => Ok(Status::Pending),
        "failed" | "failure" | "rejected" | "declined" | "cancelled" | "canceled" | "expired" | "timeout" => {
            Ok(Status::Failed)
        }
        _ => Ok(Status::Other(text.chars().take(40).collect())),
    }
}

/// Whether a type of movement names money that goes out.
fn is_out(kind: &str) -> bool {
    #[rustfmt::skip]
    const OUT: &[&str] = &[
        "debit", "refund", "reversal", "cashout", "withdraw", "payout", "disburse", "transferout", "settlement",
        "fee", "charge", "outgoing", "sent",
    ];
    let kind = plain(kind);
    OUT.iter().any(|it| kind.starts_with(it) || kind.ends_with(it))
}
