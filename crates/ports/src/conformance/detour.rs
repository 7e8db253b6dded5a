//! A whole store with something in its way: tests of regions break it where they want, or take it away.

use std::sync::Arc;

use answerbot_core::contact::event::{Envelope, To};
use answerbot_core::domain::Domain;
use answerbot_core::pay::ledger;
use answerbot_core::pay::payment::Payment;
use answerbot_core::pay::price::PriceRow;
use answerbot_core::reuse::{Kept, Key, curated};
use answerbot_core::spend::{MicroUsd, Sums};
use answerbot_core::{AggregateId, Contact, ContactId, EffectId, EventId, JubaDay, PaymentId, Time};
use async_trait::async_trait;

use crate::answers::SavedAnswers;
use crate::regions::{
    Addressed, Attempt, Depot, Directory, Landing, Luggage, Mark, Member, Order, Parked, Parking, Place,
    Progress, Record, Region, ToPark, Which,
};
use crate::reports::{AccountSum, Audit, Chain, CostRow, Find, Missed, Overview, Ratings, Reports};
use crate::store::{
    Admission, Booking, Callback, Check, Checks, Commit, Committed, KeptCallback, Leased, MoneyCounts,
    Opened, Store, StoreError, Stuck, Want,
};

/// What stands in the way of every call, which is named by its method.
#[async_trait]
pub trait Obstacle: Send + Sync {
    /// Before a call.
    async fn before(&self, _call: &'static str) -> Result<(), StoreError> {
        Ok(())
    }

    /// After a call that went well, before its caller hears of it.
    async fn after(&self, _call: &'static str) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A store behind an obstacle.
pub struct Detour<O> {
    /// The real one.
    pub inner: Arc<dyn Depot>,
    /// What stands in its way.
    pub obstacle: O,
}

macro_rules! detour {
    ($self:ident, $name:literal, $call:expr) => {{
        $self.obstacle.before($name).await?;
        let result = $call.await?;
        $self.obstacle.after($name).await?;
        Ok(result)
    }};
}

#[async_trait]
impl<O: Obstacle> Store for Detour<O> {
    async fn admit(&self, envelopes: Vec<Envelope>, now: Time) -> Result<Vec<Admission>, StoreError> {
        detour!(self, "admit", self.inner.admit(envelopes, now))
    }

    async fn open(&self, aggregate: AggregateId) -> Result<Opened, StoreError> {
        detour!(self, "open", self.inner.open(aggregate))
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        detour!(self, "commit", self.inner.commit(commit))
    }

    async fn lease_due(&self, wanted: &[Want], now: Time) -> Result<Vec<Leased>, StoreError> {
        detour!(self, "lease_due", self.inner.lease_due(wanted, now))
    }

    async fn release(&self, effects: Vec<(AggregateId, EffectId)>) -> Result<(), StoreError> {
        detour!(self, "release", self.inner.release(effects))
    }

    async fn is_open(&self, of: &To, effect: EffectId) -> Result<bool, StoreError> {
        detour!(self, "is_open", self.inner.is_open(of, effect))
    }

    async fn unattended(
        &self,
        before: Time,
        after: Option<AggregateId>,
        limit: usize,
    ) -> Result<Vec<AggregateId>, StoreError> {
        detour!(self, "unattended", self.inner.unattended(before, after, limit))
    }

    async fn knows(&self, aggregate: AggregateId) -> Result<bool, StoreError> {
        detour!(self, "knows", self.inner.knows(aggregate))
    }

    async fn overdue_texts(&self, day: JubaDay, limit: usize) -> Result<Vec<AggregateId>, StoreError> {
        detour!(self, "overdue_texts", self.inner.overdue_texts(day, limit))
    }

    async fn failed(&self, aggregate: AggregateId, number: u64, reason: String) -> Result<u32, StoreError> {
        detour!(self, "failed", self.inner.failed(aggregate, number, reason))
    }

    async fn claim(
        &self,
        key: String,
        owner: ContactId,
        from: Option<ContactId>,
    ) -> Result<bool, StoreError> {
        detour!(self, "claim", self.inner.claim(key, owner, from))
    }

    async fn unclaim(&self, key: String, owner: ContactId) -> Result<(), StoreError> {
        detour!(self, "unclaim", self.inner.unclaim(key, owner))
    }

    async fn take(&self, job: &'static str, for_ms: i64, now: Time) -> Result<bool, StoreError> {
        detour!(self, "take", self.inner.take(job, for_ms, now))
    }

    async fn catch_up(&self) -> Result<u64, StoreError> {
        detour!(self, "catch_up", self.inner.catch_up())
    }

    async fn forget_seen(&self, before: Time) -> Result<u64, StoreError> {
        detour!(self, "forget_seen", self.inner.forget_seen(before))
    }

    async fn prices(&self) -> Result<Vec<PriceRow>, StoreError> {
        detour!(self, "prices", self.inner.prices())
    }

    async fn seal_entries(&self, limit: usize) -> Result<usize, StoreError> {
        detour!(self, "seal_entries", self.inner.seal_entries(limit))
    }

    async fn money_counts(&self, before: Time) -> Result<MoneyCounts, StoreError> {
        detour!(self, "money_counts", self.inner.money_counts(before))
    }

    async fn spending(&self, day: JubaDay) -> Result<(Sums, Sums), StoreError> {
        detour!(self, "spending", self.inner.spending(day))
    }

    async fn curated(&self, known: u64) -> Result<Option<(u64, Vec<curated::Entry>)>, StoreError> {
        detour!(self, "curated", self.inner.curated(known))
    }

    async fn book(&self, booking: Booking) -> Result<(), StoreError> {
        detour!(self, "book", self.inner.book(booking))
    }

    async fn note_check(&self, check: Check) -> Result<(), StoreError> {
        detour!(self, "note_check", self.inner.note_check(check))
    }

    async fn checks(&self, version: String) -> Result<Vec<Checks>, StoreError> {
        detour!(self, "checks", self.inner.checks(version))
    }

    async fn forget_turns(&self, day: JubaDay, now: Time) -> Result<u64, StoreError> {
        detour!(self, "forget_turns", self.inner.forget_turns(day, now))
    }

    async fn keep_callback(&self, callback: Callback, now: Time) -> Result<KeptCallback, StoreError> {
        detour!(self, "keep_callback", self.inner.keep_callback(callback, now))
    }

    async fn forget_callbacks(&self, before: Time) -> Result<u64, StoreError> {
        detour!(self, "forget_callbacks", self.inner.forget_callbacks(before))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        detour!(self, "ping", self.inner.ping())
    }
}

#[async_trait]
impl<O: Obstacle> Reports for Detour<O> {
    async fn overview(&self) -> Result<Overview, StoreError> {
        detour!(self, "overview", self.inner.overview())
    }

    async fn stuck(&self, limit: usize) -> Result<Vec<Stuck>, StoreError> {
        detour!(self, "stuck", self.inner.stuck(limit))
    }

    async fn revive_effect(&self, effect: EffectId, now: Time) -> Result<bool, StoreError> {
        detour!(self, "revive_effect", self.inner.revive_effect(effect, now))
    }

    async fn revive_event(
        &self,
        aggregate: AggregateId,
        event: EventId,
        now: Time,
    ) -> Result<bool, StoreError> {
        detour!(self, "revive_event", self.inner.revive_event(aggregate, event, now))
    }

    async fn payments(&self, find: Find, limit: usize) -> Result<Vec<(PaymentId, Payment)>, StoreError> {
        detour!(self, "payments", self.inner.payments(find, limit))
    }

    async fn entries(&self, payment: PaymentId) -> Result<Vec<ledger::Entry>, StoreError> {
        detour!(self, "entries", self.inner.entries(payment))
    }

    async fn accounts(&self) -> Result<Vec<AccountSum>, StoreError> {
        detour!(self, "accounts", self.inner.accounts())
    }

    async fn chain(&self) -> Result<Chain, StoreError> {
        detour!(self, "chain", self.inner.chain())
    }

    async fn contacts(
        &self,
        paying: bool,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<(ContactId, Contact)>, StoreError> {
        detour!(self, "contacts", self.inner.contacts(paying, after, limit))
    }

    async fn audits(&self, limit: usize) -> Result<Vec<Audit>, StoreError> {
        detour!(self, "audits", self.inner.audits(limit))
    }

    async fn put_prices(&self, rows: Vec<PriceRow>, audit: Audit) -> Result<(), StoreError> {
        detour!(self, "put_prices", self.inner.put_prices(rows, audit))
    }

    async fn hand(&self, envelopes: Vec<Envelope>, audit: Audit) -> Result<usize, StoreError> {
        detour!(self, "hand", self.inner.hand(envelopes, audit))
    }

    async fn costs(&self, from: JubaDay) -> Result<Vec<CostRow>, StoreError> {
        detour!(self, "costs", self.inner.costs(from))
    }

    async fn cost_of(&self, contact: ContactId) -> Result<MicroUsd, StoreError> {
        detour!(self, "cost_of", self.inner.cost_of(contact))
    }

    async fn missed(&self, times: u64, limit: usize) -> Result<Vec<Missed>, StoreError> {
        detour!(self, "missed", self.inner.missed(times, limit))
    }

    async fn ratings(&self) -> Result<Vec<Ratings>, StoreError> {
        detour!(self, "ratings", self.inner.ratings())
    }

    async fn put_curated(&self, entries: Vec<curated::Entry>, audit: Audit) -> Result<(), StoreError> {
        detour!(self, "put_curated", self.inner.put_curated(entries, audit))
    }

    async fn remove_curated(&self, id: String, audit: Audit) -> Result<bool, StoreError> {
        detour!(self, "remove_curated", self.inner.remove_curated(id, audit))
    }

    async fn forget_checks(&self, domain: Domain, audit: Audit) -> Result<(), StoreError> {
        detour!(self, "forget_checks", self.inner.forget_checks(domain, audit))
    }

    async fn note(&self, audit: Audit) -> Result<(), StoreError> {
        detour!(self, "note", self.inner.note(audit))
    }
}

#[async_trait]
impl<O: Obstacle> SavedAnswers for Detour<O> {
    async fn saved_answer(&self, key: Key) -> Result<Option<Kept>, StoreError> {
        detour!(self, "saved_answer", self.inner.saved_answer(key))
    }

    async fn save_answer(&self, key: Key, kept: &Kept) -> Result<(), StoreError> {
        detour!(self, "save_answer", self.inner.save_answer(key, kept))
    }

    async fn delete_answer(&self, key: Key) -> Result<(), StoreError> {
        detour!(self, "delete_answer", self.inner.delete_answer(key))
    }

    async fn saved_keys(&self) -> Result<Vec<Key>, StoreError> {
        detour!(self, "saved_keys", self.inner.saved_keys())
    }
}

#[async_trait]
impl<O: Obstacle> Directory for Detour<O> {
    async fn owners(&self, identities: &[ContactId]) -> Result<Vec<ContactId>, StoreError> {
        detour!(self, "owners", self.inner.owners(identities))
    }

    async fn payers(&self, payments: &[PaymentId]) -> Result<Vec<Option<ContactId>>, StoreError> {
        detour!(self, "payers", self.inner.payers(payments))
    }

    async fn regions(&self) -> Result<Vec<(Region, bool)>, StoreError> {
        detour!(self, "regions", self.inner.regions())
    }

    async fn places(&self, of: &[ContactId]) -> Result<Vec<Place>, StoreError> {
        detour!(self, "places", self.inner.places(of))
    }

    async fn mark(
        &self,
        of: ContactId,
        from: &Region,
        was: Option<&Mark>,
        mark: Option<&Mark>,
    ) -> Result<bool, StoreError> {
        detour!(self, "mark", self.inner.mark(of, from, was, mark))
    }

    async fn arrive(
        &self,
        of: ContactId,
        mark: &Mark,
        overruled: Option<&Region>,
        now: Time,
    ) -> Result<bool, StoreError> {
        detour!(self, "arrive", self.inner.arrive(of, mark, overruled, now))
    }

    async fn moves(
        &self,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<(ContactId, Place)>, StoreError> {
        detour!(self, "moves", self.inner.moves(after, limit))
    }

    async fn park(&self, envelopes: Vec<ToPark>) -> Result<Vec<Parking>, StoreError> {
        detour!(self, "park", self.inner.park(envelopes))
    }

    async fn parked(&self, of: ContactId, limit: usize) -> Result<Vec<Parked>, StoreError> {
        detour!(self, "parked", self.inner.parked(of, limit))
    }

    async fn unpark(&self, of: ContactId, events: &[EventId]) -> Result<(), StoreError> {
        detour!(self, "unpark", self.inner.unpark(of, events))
    }

    async fn waiting(&self, after: Option<ContactId>, limit: usize) -> Result<Vec<ContactId>, StoreError> {
        detour!(self, "waiting", self.inner.waiting(after, limit))
    }

    async fn put_order(&self, order: Order) -> Result<(), StoreError> {
        detour!(self, "put_order", self.inner.put_order(order))
    }

    async fn note_order(
        &self,
        id: EventId,
        moved: u64,
        failed: u64,
        note: String,
    ) -> Result<bool, StoreError> {
        detour!(self, "note_order", self.inner.note_order(id, moved, failed, note))
    }

    async fn end_order(&self, id: EventId, progress: Progress) -> Result<bool, StoreError> {
        detour!(self, "end_order", self.inner.end_order(id, progress))
    }

    async fn orders(&self, which: Which, limit: usize) -> Result<Vec<Order>, StoreError> {
        detour!(self, "orders", self.inner.orders(which, limit))
    }

    async fn forget_places(&self, before: Time) -> Result<u64, StoreError> {
        detour!(self, "forget_places", self.inner.forget_places(before))
    }
}

#[async_trait]
impl<O: Obstacle> Member for Detour<O> {
    async fn admit_to(&self, envelopes: Vec<Addressed>, arrived: Time) -> Result<Vec<Landing>, StoreError> {
        detour!(self, "admit_to", self.inner.admit_to(envelopes, arrived))
    }

    async fn saw(&self, aggregate: AggregateId, events: &[EventId]) -> Result<Vec<bool>, StoreError> {
        detour!(self, "saw", self.inner.saw(aggregate, events))
    }

    async fn payments_of(&self, contact: ContactId) -> Result<Vec<PaymentId>, StoreError> {
        detour!(self, "payments_of", self.inner.payments_of(contact))
    }

    async fn residents(&self, after: Option<ContactId>, limit: usize) -> Result<Vec<ContactId>, StoreError> {
        detour!(self, "residents", self.inner.residents(after, limit))
    }

    async fn said(
        &self,
        region: &Region,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<ContactId>, StoreError> {
        detour!(self, "said", self.inner.said(region, after, limit))
    }

    async fn freeze(&self, of: AggregateId, by: Attempt) -> Result<bool, StoreError> {
        detour!(self, "freeze", self.inner.freeze(of, by))
    }

    async fn thaw(&self, of: AggregateId, by: Attempt) -> Result<bool, StoreError> {
        detour!(self, "thaw", self.inner.thaw(of, by))
    }

    async fn pack(&self, of: AggregateId, by: Attempt) -> Result<Option<Luggage>, StoreError> {
        detour!(self, "pack", self.inner.pack(of, by))
    }

    async fn unpack(&self, luggage: Luggage, by: Attempt) -> Result<(), StoreError> {
        detour!(self, "unpack", self.inner.unpack(luggage, by))
    }

    async fn bury(&self, of: AggregateId, by: Attempt) -> Result<bool, StoreError> {
        detour!(self, "bury", self.inner.bury(of, by))
    }

    async fn frozen(
        &self,
        after: Option<AggregateId>,
        limit: usize,
    ) -> Result<Vec<(AggregateId, Attempt)>, StoreError> {
        detour!(self, "frozen", self.inner.frozen(after, limit))
    }

    async fn frozen_by(&self, of: AggregateId) -> Result<Option<Attempt>, StoreError> {
        detour!(self, "frozen_by", self.inner.frozen_by(of))
    }

    async fn records(&self, limit: usize) -> Result<Vec<(AggregateId, Vec<(u64, Record)>)>, StoreError> {
        detour!(self, "records", self.inner.records(limit))
    }

    async fn forget_records(&self, of: AggregateId, numbers: &[u64]) -> Result<(), StoreError> {
        detour!(self, "forget_records", self.inner.forget_records(of, numbers))
    }

    async fn keep_records(&self, of: AggregateId, records: Vec<Record>) -> Result<(), StoreError> {
        detour!(self, "keep_records", self.inner.keep_records(of, records))
    }

    async fn find_payments(&self, find: Find, limit: usize) -> Result<Vec<PaymentId>, StoreError> {
        detour!(self, "find_payments", self.inner.find_payments(find, limit))
    }
}
