//! The books: double entry, append-only, integer minor units.
//!
//! An entry moves one amount from one account to another, so every entry sums to nought, and so does the whole.
//! What is earned is computed when it is read ([`days::earned`](super::days::earned)); nothing is booked by day.

use alloc::format;
use alloc::string::{String, ToString};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::money::Money;
use crate::id::PaymentId;
use crate::time::Time;

/// One entry. Unique by `payment` and `event`; never changed, never removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The payment it belongs to.
    pub payment: PaymentId,
    /// What happened to it, such as `captured`.
    pub event: String,
    /// When it was decided.
    pub at: Time,
    /// How much.
    pub money: Money,
    /// The account that is debited.
    pub debit: Account,
    /// The account that is credited.
    pub credit: Account,
    /// Made in MTN's sandbox: not counted in the real books.
    pub test: bool,
}

/// An account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// Money at MTN that is ours.
    Clearing,
    /// Money in the bank.
    Bank,
    /// What we owe for the plan of one payment: earned day by day.
    Deferred(PaymentId),
    /// Money that fits nobody yet.
    Suspense,
    /// What MTN keeps.
    MomoFee,
    /// Days given away.
    Goodwill,
}

impl Account {
    /// The name in the books, such as `liab:suspense`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Clearing => "assets:momo:clearing".to_string(),
            Self::Bank => "assets:bank".to_string(),
            Self::Deferred(payment) => format!("liab:deferred:{payment}"),
            Self::Suspense => "liab:suspense".to_string(),
            Self::MomoFee => "exp:momo_fee".to_string(),
            Self::Goodwill => "exp:goodwill".to_string(),
        }
    }

    /// Reads what [`Account::name`] writes; `None` for anything else.
    #[must_use]
    pub fn read(name: &str) -> Option<Self> {
        let account = match name {
            "assets:momo:clearing" => Self::Clearing,
            "assets:bank" => Self::Bank,
            "liab:suspense" => Self::Suspense,
            "exp:momo_fee" => Self::MomoFee,
            "exp:goodwill" => Self::Goodwill,
            _ => Self::Deferred(name.strip_prefix("liab:deferred:")?.parse().ok()?),
        };
        // Ids can be read in either case, and the books have one: no changed letter passes as the same account.
        (account.name() == name).then_some(account)
    }
}

impl Entry {
    /// The hash that seals this entry as number `seq`, behind the one before: whoever changes an entry has to change
    /// all that follow.
    #[must_use]
    pub fn seal(&self, seq: u64, before: &[u8; 32]) -> [u8; 32] {
        let (debit, credit) = (self.debit.name(), self.credit.name());
        let mut hash = Sha256::new_with_prefix(b"answerbot ledger 1");
        hash.update(before);
        for number in [seq.to_be_bytes(), self.at.as_millis().to_be_bytes(), self.money.minor().to_be_bytes()]
        {
            hash.update(number);
        }
        let texts = [
            self.event.as_bytes(),
            self.money.currency().code().as_bytes(),
            debit.as_bytes(),
            credit.as_bytes(),
        ];
        hash.update(self.payment.as_bytes());
        hash.update([u8::from(self.test)]);
        for text in texts {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.finalize().into()
    }
}
