//! MTN's own ledger, and the text messages it sends about money.

use std::collections::VecDeque;

use super::account::MomoAccount;
use super::book::Rules;
use super::check::Amount;
use super::people::name_of;
use super::record::{KEPT_MONEY_MESSAGES, KEPT_PAYMENTS, MomoEntry, MoneyMessage};

#[derive(Debug)]
pub(super) struct Ledger {
    balance: Amount,
    pub(super) entries: VecDeque<MomoEntry>,
    pub(super) messages: VecDeque<MoneyMessage>,
}

/// Money that moved.
pub(super) struct Paid<'a> {
    pub(super) reference: Option<&'a str>,
    pub(super) payer: &'a str,
    pub(super) amount: Amount,
    pub(super) external_id: &'a str,
    /// The `financialTransactionId`.
    pub(super) number: u64,
}

impl Ledger {
    pub(super) fn new(account: &MomoAccount) -> Self {
        let balance = Amount::whole(account.opening_balance);
        Self { balance, entries: VecDeque::new(), messages: VecDeque::new() }
    }

    pub(super) fn balance(&self) -> Amount {
        self.balance
    }

    /// Books money in and tells the payer.
    pub(super) fn enter(&mut self, paid: &Paid<'_>, rules: Rules<'_>, at_ms: i64) {
        let Paid { reference, payer, amount, external_id, number } = *paid;
        self.balance.0 += amount.0;
        let MomoAccount { name, currency, .. } = rules.account;
        let entry = MomoEntry {
            transaction: number.to_string(),
            reference: reference.map(str::to_owned),
            external_id: external_id.to_owned(),
            payer: payer.to_owned(),
            payer_name: full_name(payer, rules),
            amount: amount.to_string(),
            currency: currency.clone(),
            balance: self.balance.to_string(),
            at_ms,
        };
        push_bounded(&mut self.entries, entry, KEPT_PAYMENTS);
        let text = format!("Y'ello. You have paid {currency} {amount} to {name}. Transaction ID: {number}.");
        self.tell(payer, text, at_ms);
    }

    /// Tells the payer that nothing was paid, and why.
    pub(super) fn tell_failure(
        &mut self,
        payer: &str,
        amount: Amount,
        reason: &str,
        rules: Rules<'_>,
        at_ms: i64,
    ) {
        let why = match reason {
            "APPROVAL_REJECTED" => "was declined",
            "EXPIRED" | "COULD_NOT_PERFORM_TRANSACTION" => "was not approved in time",
            "NOT_ENOUGH_FUNDS" => "failed because your balance is too low",
            _ => "failed",
        };
        let MomoAccount { name, currency, .. } = rules.account;
        let text = format!("Your payment of {currency} {amount} to {name} {why}. You were not charged.");
        self.tell(payer, text, at_ms);
    }

    fn tell(&mut self, to: &str, text: String, at_ms: i64) {
        push_bounded(
            &mut self.messages,
            MoneyMessage { to: to.to_owned(), text, at_ms },
            KEPT_MONEY_MESSAGES,
        );
    }
}

pub(super) fn full_name(payer: &str, rules: Rules<'_>) -> String {
    let (given, family) = name_of(payer, rules.knobs);
    format!("{given} {family}")
}

pub(super) fn push_bounded<T>(queue: &mut VecDeque<T>, item: T, limit: usize) {
    if queue.len() >= limit {
        queue.pop_front();
    }
    queue.push_back(item);
}
