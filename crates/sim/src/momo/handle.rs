//! What a world lets its user do with MTN: turn knobs, answer prompts, look at what happened, move the time.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;

use super::book::{Book, Rules};
use super::check::{Amount, is_msisdn};
use super::knobs::{MomoBehaviour, MomoCall, MomoOutcome};
use super::record::{MomoCallback, MomoEntry, MomoPayment, MomoPost, MomoPrompt, MoneyMessage};
use super::statement::{StatementOptions, statement};
use crate::world::World;

impl World {
    /// Changes how MTN behaves, from the next call on.
    pub fn momo<T>(&self, change: impl FnOnce(&mut MomoBehaviour) -> T) -> T {
        change(&mut self.inner.momo.knobs.write())
    }

    /// The next `times` valid calls of this kind end so; further scripts of the kind queue up.
    pub fn script_momo(&self, call: MomoCall, outcome: MomoOutcome, times: usize) {
        self.momo(|knobs| knobs.script.entry(call).or_default().extend(std::iter::repeat_n(outcome, times)));
    }

    /// The prompts that wait on the second phone, newest first.
    #[must_use]
    pub fn momo_prompts(&self) -> Vec<MomoPrompt> {
        self.with_book(|book, rules, _| book.prompts(rules.account))
    }

    /// The person enters the PIN: `which` is a reference, or a payer's number for its newest prompt. The reference. An
    /// error if no such prompt waits.
    pub fn momo_approve(&self, which: &str) -> anyhow::Result<String> {
        self.with_book(|book, rules, now_ms| book.answer(which, true, rules, now_ms))
    }

    /// The person declines; otherwise as [`World::momo_approve`].
    pub fn momo_decline(&self, which: &str) -> anyhow::Result<String> {
        self.with_book(|book, rules, now_ms| book.answer(which, false, rules, now_ms))
    }

    /// Makes a payment successful whatever its status: the late success. An error if it is paid already.
    pub fn momo_succeed(&self, reference: &str) -> anyhow::Result<()> {
        self.with_book(|book, rules, now_ms| book.force(&lower(reference), rules, now_ms))
    }

    /// Ends a payment as failed for this reason. An error if it is paid already.
    pub fn momo_fail(&self, reference: &str, reason: &str) -> anyhow::Result<()> {
        self.with_book(|book, rules, now_ms| {
            book.show(&lower(reference), "FAILED", Some(reason), rules, now_ms)
        })
    }

    /// Shows this word as the status of a payment until it changes by itself. An error if it is paid already.
    pub fn momo_show(&self, reference: &str, word: &str) -> anyhow::Result<()> {
        self.with_book(|book, rules, now_ms| book.show(&lower(reference), word, None, rules, now_ms))
    }

    /// Somebody pays the merchant without any request. The transaction's id.
    pub fn momo_pay_in(&self, payer: &str, amount: &str, external_id: &str) -> anyhow::Result<String> {
        let amount = Amount::parse(amount).filter(|_| is_msisdn(payer));
        let amount = amount.context("pay in with an international number and a positive decimal")?;
        Ok(self.with_book(|book, rules, now_ms| book.pay_in(payer, amount, external_id, rules, now_ms)))
    }

    /// The requests that MTN took, oldest first (the last 100,000).
    #[must_use]
    pub fn momo_payments(&self) -> Vec<MomoPayment> {
        self.with_book(|book, rules, _| {
            let log = self.inner.momo.log.lock();
            let posts = |reference: &str| log.posts_of.get(reference).copied().unwrap_or_default();
            book.payments().map(|it| it.snapshot(posts(&it.ask.reference), rules.knobs)).collect()
        })
    }

    /// The payment with this reference, if MTN took the request.
    #[must_use]
    pub fn momo_payment(&self, reference: &str) -> Option<MomoPayment> {
        let posts = self.momo_posts_of(reference);
        self.with_book(|book, rules, _| Some(book.payment(&lower(reference))?.snapshot(posts, rules.knobs)))
    }

    /// Every call of `requesttopay`, in order (the last 100,000).
    #[must_use]
    pub fn momo_posts(&self) -> Vec<MomoPost> {
        self.inner.momo.log.lock().posts.iter().cloned().collect()
    }

    /// How often this reference was posted, taken or not.
    #[must_use]
    pub fn momo_posts_of(&self, reference: &str) -> u32 {
        self.inner.momo.log.lock().posts_of.get(&lower(reference)).copied().unwrap_or_default()
    }

    /// The callbacks that were tried, forged ones too, in order (the last 100,000).
    #[must_use]
    pub fn momo_callbacks(&self) -> Vec<MomoCallback> {
        self.inner.momo.log.lock().callbacks.iter().cloned().collect()
    }

    /// MTN's own ledger: the money that came in, oldest first (the last 100,000).
    #[must_use]
    pub fn momo_ledger(&self) -> Vec<MomoEntry> {
        self.with_book(|book, _, _| book.ledger.entries.iter().cloned().collect())
    }

    /// What the merchant's account holds, as MTN shows it.
    #[must_use]
    pub fn momo_balance(&self) -> String {
        self.with_book(|book, _, _| book.ledger.balance().to_string())
    }

    /// The text messages of MTN to payers, oldest first (the last 1,000).
    #[must_use]
    pub fn money_messages(&self) -> Vec<MoneyMessage> {
        self.with_book(|book, _, _| book.ledger.messages.iter().cloned().collect())
    }

    /// The statement that the partner portal would export.
    #[must_use]
    pub fn momo_statement(&self, options: &StatementOptions) -> String {
        self.with_book(|book, rules, _| statement(book, options, rules))
    }

    pub(crate) fn forget_momo_calls(&self) {
        *self.inner.momo.log.lock() = super::Log::default();
    }

    /// All tokens die at once.
    pub fn forget_momo_tokens(&self) {
        self.inner.momo.desk.lock().forget_tokens();
    }

    /// MTN's time, ms since 1970: the real one, and as much more as was skipped. The chat keeps the real time.
    #[must_use]
    pub fn time_ms(&self) -> i64 {
        self.inner.clock.now_ms()
    }

    /// Moves MTN's time on. Whatever comes due in between has happened, each at its own time, when this returns.
    pub fn skip(&self, time: Duration) {
        self.inner.clock.skip(time);
        self.settle_momo();
    }

    /// Sets MTN's time, ms since 1970; from there it goes on. Set it before anything happens, or forward only.
    pub fn set_time_ms(&self, now_ms: i64) {
        self.inner.clock.set(now_ms);
        self.settle_momo();
    }

    /// Lets happen what is due.
    pub(crate) fn settle_momo(&self) {
        self.with_book(|_, _, _| ());
        self.inner.momo.alarm.notify_waiters();
    }

    /// Hears whenever prompts or money messages change.
    pub(crate) fn watch_momo(&self) -> watch::Receiver<u64> {
        self.inner.momo.changed.subscribe()
    }

    /// Works on the book after what is due has happened, and lets happen what that makes due; then tells everybody.
    pub(super) fn with_book<T>(&self, work: impl FnOnce(&mut Book, Rules<'_>, i64) -> T) -> T {
        let momo = &self.inner.momo;
        let now_ms = self.inner.clock.now_ms();
        let (done, outbox, changed) = {
            let knobs = momo.knobs.read();
            let rules = Rules { account: &self.inner.config.momo_account, knobs: &knobs };
            let mut book = momo.book.lock();
            let before = (book.version, book.next_due());
            book.settle(rules, now_ms);
            let done = work(&mut book, rules, now_ms);
            book.settle(rules, now_ms);
            self.inner.counters.momo_prompts.store(book.prompts_shown, Ordering::Relaxed);
            let after = (book.version, book.next_due());
            (done, std::mem::take(&mut book.outbox), (before != after).then_some(after.0))
        };
        if let Some(version) = changed {
            momo.changed.send_if_modified(|known| version > std::mem::replace(known, version));
            momo.alarm.notify_waiters();
            self.inner.record.touch();
        }
        self.send_callbacks(outbox);
        done
    }

    /// Lets things happen at their time until the world ends.
    pub(crate) async fn keep_momo_time(self) {
        let momo = &self.inner.momo;
        loop {
            let alarm = momo.alarm.notified();
            tokio::pin!(alarm);
            // Enabled before the look, so that a change between look and wait is not missed.
            alarm.as_mut().enable();
            let due = momo.book.lock().next_due();
            let left = due.map(|at_ms| at_ms.saturating_sub(self.time_ms()).max(0).unsigned_abs());
            let comes = async {
                match left {
                    Some(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.inner.stop.cancelled() => return,
                () = alarm => {}
                () = comes => self.settle_momo(),
            }
        }
    }
}

fn lower(reference: &str) -> String {
    reference.to_ascii_lowercase()
}
