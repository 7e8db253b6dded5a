//! One person moves: frozen, copied, compared, the place flipped, thawed there and buried here.
//!
//! ```text
//! mark ─ freeze ─ pack ─ unpack ─ compare ─ records ─► FLIP ─► thaw there ─ bury here ─ end ─ what was parked
//! ```
//!
//! The mark in the directory is the first write and the last one: whoever finds it knows that a move is under way, and
//! by the place whether it is before the flip, so that it is begun again or taken back, or behind it, so that the rest
//! is done. Each step may be repeated. Leases travel with the copy: what is under way is not waited for, its outcome is
//! decided where its person lives then.
//!
//! Mark and frozen copies bear the number of their try. Whoever takes a move over puts a number of its own into the
//! mark; from then on the one before cannot let it arrive, thaw or bury, however late it is. What it left frozen is
//! found and put right (`copies`).

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::{AggregateId, ContactId, Time};
use answerbot_ports::regions::{Attempt, Depot, Luggage, Mark, Place, Region, payment_key};
use answerbot_ports::store::{Facets, StoreError};
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};

use super::site::Site;
use super::{PATIENCE, Regional};

/// People who are frozen together.
const CHUNK: usize = 64;
/// Chunks at once: while one waits for a disk another one works.
const CHUNKS: usize = 3;
/// No end of the time to move in.
pub(super) const UNBOUNDED: Time = Time::from_millis(i64::MAX);

/// How a move of many went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// So many moved.
    pub moved: u64,
    /// So many could not be moved.
    pub failed: u64,
    /// What went wrong last; empty when nothing did.
    pub note: String,
    /// The longest that anybody who moved was frozen.
    pub longest: Duration,
}

impl Tally {
    /// Adds another one.
    pub fn add(&mut self, other: Self) {
        self.moved += other.moved;
        self.failed += other.failed;
        self.longest = self.longest.max(other.longest);
        if !other.note.is_empty() {
            self.note = other.note;
        }
    }

    /// So many failed because of this.
    pub(super) fn fail(&mut self, people: usize, error: &StoreError) {
        self.failed += people as u64;
        self.note = error.to_string();
    }
}

/// Why somebody moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// An operator says so, whatever they wished.
    Order,
    /// They wished it.
    Wish,
}

/// Somebody who is on the way.
pub(super) struct Move<'a> {
    pub of: ContactId,
    pub source: &'a Site,
    pub target: &'a Site,
    pub mark: Mark,
    pub why: Why,
}

/// Whose copy stands at the target, compared and frozen: the place can be flipped.
struct Ready<'a> {
    it: Move<'a>,
    all: Vec<AggregateId>,
    /// Where they said that they live.
    said: Option<Region>,
    /// When the freeze began.
    since: Duration,
}

impl Regional {
    /// Moves people from one store to another, many at once, as an operator orders.
    pub async fn move_all(&self, people: &[ContactId], from: &Region, to: &Region) -> Tally {
        self.move_some(people, from, to, Why::Order, UNBOUNDED).await
    }

    /// The same, beginning nothing after `until`. Whoever was not begun is not counted.
    pub(super) async fn move_some(
        &self,
        people: &[ContactId],
        from: &Region,
        to: &Region,
        why: Why,
        until: Time,
    ) -> Tally {
        let (source, target) = match (self.site_of(from), self.site_of(to)) {
            (Ok(source), Ok(target)) => (source, target),
            (Err(error), _) | (_, Err(error)) => {
                let mut tally = Tally::default();
                tally.fail(people.len(), &error);
                return tally;
            }
        };
        // Owned chunks: a stream of borrowed ones asks too much of the compiler.
        let chunks: Vec<Vec<ContactId>> = people.chunks(CHUNK).map(<[_]>::to_vec).collect();
        stream::iter(chunks)
            .map(|chunk| self.move_chunk(chunk, source, target, why, until))
            .buffer_unordered(CHUNKS)
            .fold(Tally::default(), |mut sum, tally| async move {
                sum.add(tally);
                sum
            })
            .await
    }

    async fn move_chunk(
        &self,
        people: Vec<ContactId>,
        source: &Site,
        target: &Site,
        why: Why,
        until: Time,
    ) -> Tally {
        let mut tally = Tally::default();
        if source.name == target.name || self.is_over(until) {
            return tally;
        }
        // Nobody is frozen for a store that is away.
        if let Err(error) = self.both_answer(source, target).await {
            tally.fail(people.len(), &error);
            return tally;
        }
        let copies = people.into_iter().map(|of| self.begin(of, source, target, why));
        let mut ready = Vec::new();
        for copied in join_all(copies).await {
            match copied {
                Ok(Some(it)) => ready.push(it),
                Ok(None) => {}
                Err(error) => tally.fail(1, &error),
            }
        }
        tally.add(self.flip_all(ready, source).await);
        tally
    }

    async fn both_answer(&self, source: &Site, target: &Site) -> Result<(), StoreError> {
        for site in [source, target] {
            site.call_within(PATIENCE, &*self.clock, |it| async move { it.ping().await }).await?;
        }
        Ok(())
    }

    /// Marks and copies. `None` when somebody does not live there, or is moved by somebody else. What fails is taken back.
    async fn begin<'a>(
        &self,
        of: ContactId,
        source: &'a Site,
        target: &'a Site,
        why: Why,
    ) -> Result<Option<Ready<'a>>, StoreError> {
        let mark = self.new_mark(target);
        if !self.main.mark(of, &source.name, None, Some(&mark)).await? {
            return Ok(None);
        }
        self.copy_or_take_back(Move { of, source, target, mark, why }).await.map(Some)
    }

    async fn copy_or_take_back<'a>(&self, it: Move<'a>) -> Result<Ready<'a>, StoreError> {
        self.places.invalidate(&it.of);
        match self.copy_over(&it).await {
            Ok((all, said, since)) => Ok(Ready { it, all, said, since }),
            Err(error) => {
                self.take_back_or_tell(&it).await;
                Err(error)
            }
        }
    }

    /// Freezes and copies somebody and their payments; says who and what was copied, where they said that they live, and
    /// since when they are frozen.
    async fn copy_over(
        &self,
        it: &Move<'_>,
    ) -> Result<(Vec<AggregateId>, Option<Region>, Duration), StoreError> {
        let (of, source, by) = (it.of, it.source, it.mark.attempt);
        let since = self.clock.monotonic();
        let mut all = Vec::with_capacity(1);
        if self.at(source, move |it| async move { it.freeze(of.into(), by).await }).await? {
            all.push(AggregateId::from(of));
        }
        // From now on no payment of theirs begins here, so these are all.
        for payment in self.at(source, move |it| async move { it.payments_of(of).await }).await? {
            // From before there were regions, or of somebody else's: then it stays.
            if self.main.claim(payment_key(payment), of, None).await? {
                self.at(source, move |it| async move { it.freeze(payment.into(), by).await }).await?;
                self.payers.insert(payment, of);
                all.push(payment.into());
            }
        }
        let mut said = None;
        for aggregate in &all {
            if let Some(Facets::Contact(it)) = self.copy_one(*aggregate, it).await? {
                said = it.region.and_then(|it| it.name().parse().ok());
            }
        }
        if it.why == Why::Wish && said.as_ref() != Some(&it.mark.to) {
            return Err(StoreError::Unavailable("they wish something else by now".into()));
        }
        Ok((all, said, since))
    }

    /// Copies and compares; says what it is found by.
    async fn copy_one(&self, of: AggregateId, it: &Move<'_>) -> Result<Option<Facets>, StoreError> {
        let by = it.mark.attempt;
        let pack = move |it: Arc<dyn Depot>| async move { it.pack(of, by).await };
        let gone = || StoreError::Unavailable("somebody else moves it".into());
        let luggage = self.at(it.source, pack).await?.ok_or_else(gone)?;
        let copy = luggage.clone();
        self.at(it.target, move |it| async move { it.unpack(copy, by).await }).await?;
        let arrived = self.at(it.target, pack).await?.ok_or_else(gone)?;
        let facets = luggage.facets.clone();
        if comparable(luggage) == comparable(arrived) {
            return Ok(facets);
        }
        metrics::counter!("moves_not_equal_total").increment(1);
        Err(StoreError::Unavailable("the copy is not what was packed".into()))
    }

    /// Flips those whose copies stand.
    async fn flip_all(&self, ready: Vec<Ready<'_>>, source: &Site) -> Tally {
        let mut tally = Tally::default();
        if ready.is_empty() {
            return tally;
        }
        // Nothing that they left may reach the books after what they leave there.
        if let Err(error) = self.copy_all_from(source).await {
            for ready in &ready {
                tally.fail(1, &error);
                self.take_back_or_tell(&ready.it).await;
            }
            return tally;
        }
        for flipped in join_all(ready.into_iter().map(|it| self.flip(it))).await {
            match flipped {
                Ok(frozen) => {
                    tally.moved += 1;
                    tally.longest = tally.longest.max(frozen);
                }
                // The mark stands: the rest is done, or it is taken back, at the next look.
                Err(error) => tally.fail(1, &error),
            }
        }
        tally
    }

    /// The flip, and what is behind it; how long somebody was frozen for it.
    async fn flip(&self, ready: Ready<'_>) -> Result<Duration, StoreError> {
        let Ready { it, all, said, since } = ready;
        // An order outranks the wish that it is against.
        let overruled = said.filter(|said| *said != it.mark.to);
        if !self.main.arrive(it.of, &it.mark, overruled.as_ref(), self.clock.now()).await? {
            // Nothing that this try froze may stay so.
            for site in [it.source, it.target] {
                self.put_right(it.of, site).await?;
            }
            return Err(StoreError::Unavailable("somebody else took the move over".into()));
        }
        self.places.invalidate(&it.of);
        self.finish(it.of, &all, it.target, Some(it.source), &it.mark).await?;
        let frozen = self.clock.monotonic().saturating_sub(since);
        metrics::histogram!("move_frozen_seconds").record(frozen.as_secs_f64());
        metrics::counter!("people_moved_total").increment(1);
        Ok(frozen)
    }

    /// Before the flip: it stays where it lives. From the first write on nobody else can flip it any more. Where the
    /// mark is another one by now, the move is somebody else's.
    async fn take_back(
        &self,
        of: ContactId,
        source: &Site,
        other: Option<&Site>,
        mark: &Mark,
    ) -> Result<(), StoreError> {
        let back = Mark { to: source.name.clone(), attempt: mark.attempt };
        if !self.main.mark(of, &source.name, Some(mark), Some(&back)).await? {
            return Ok(());
        }
        self.finish_at(of, source, other, &back).await
    }

    async fn take_back_or_tell(&self, it: &Move<'_>) {
        if let Err(error) = self.take_back(it.of, it.source, Some(it.target), &it.mark).await {
            tracing::warn!(contact.id = %it.of, error = %error, "a move could not be taken back yet; what comes is parked");
        }
    }

    /// Ends moves that a process began that is no more: those behind the flip are finished, the others begun again, or
    /// taken back where their target is away.
    pub async fn resume(&self) -> Result<Tally, StoreError> {
        self.resume_until(UNBOUNDED).await
    }

    pub(super) async fn resume_until(&self, until: Time) -> Result<Tally, StoreError> {
        let mut tally = Tally::default();
        let mut after = None;
        loop {
            let moves = self.main.moves(after, CHUNK).await?;
            let each = moves.iter().map(|(of, place)| self.resume_one(*of, place));
            for resumed in join_all(each).await {
                match resumed {
                    Ok(()) => tally.moved += 1,
                    Err(error) => tally.fail(1, &error),
                }
            }
            after = moves.last().map(|(of, _)| *of);
            if moves.len() < CHUNK || self.is_over(until) {
                return Ok(tally);
            }
        }
    }

    async fn resume_one(&self, of: ContactId, place: &Place) -> Result<(), StoreError> {
        let Some(found) = &place.moving_to else { return Ok(()) };
        let source = self.site_of(&place.region)?;
        if found.to == place.region {
            let before = place.before.last().and_then(|(region, _)| self.site(region));
            return self.finish_at(of, source, before, found).await;
        }
        let mark = Mark { to: found.to.clone(), attempt: Attempt::from_bytes(self.entropy.seed()) };
        if !self.main.mark(of, &source.name, Some(found), Some(&mark)).await? {
            return Ok(());
        }
        // Without a setting there is no such store any more.
        let Some(target) = self.site(&mark.to) else {
            self.take_back(of, source, None, &mark).await?;
            return self.site_of(&mark.to).map(drop);
        };
        if let Err(error) = self.both_answer(source, target).await {
            self.take_back(of, source, Some(target), &mark).await?;
            return Err(error);
        }
        // Whatever began it: to where they did not wish only an order moves them.
        let ready = self.copy_or_take_back(Move { of, source, target, mark, why: Why::Order }).await?;
        let tally = self.flip_all(vec![ready], source).await;
        if tally.failed == 0 { Ok(()) } else { Err(StoreError::Unavailable(tally.note)) }
    }

    /// Takes a move back that has not flipped; false when there is none.
    pub(super) async fn stays(&self, of: ContactId, place: &Place) -> Result<bool, StoreError> {
        let Some(mark) = place.moving_to.as_ref().filter(|it| it.to != place.region) else {
            return Ok(false);
        };
        self.take_back(of, self.site_of(&place.region)?, self.site(&mark.to), mark).await?;
        Ok(true)
    }

    /// The mark of a new try.
    pub(super) fn new_mark(&self, to: &Site) -> Mark {
        Mark { to: to.name.clone(), attempt: Attempt::from_bytes(self.entropy.seed()) }
    }

    /// Works at a store, and not for long once the process is to stop.
    pub(super) async fn at<T, F>(
        &self,
        site: &Site,
        work: impl FnOnce(Arc<dyn Depot>) -> F + Send,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let stopping = async {
            self.stopping.cancelled().await;
            tokio::time::sleep(PATIENCE).await;
        };
        tokio::select! {
            done = site.call_within(PATIENCE * 3, &*self.clock, work) => done,
            () = stopping => Err(StoreError::Unavailable("this process stops".into())),
        }
    }
}

/// What must be equal at both ends: all but what is left of leases, and what has no meaning any more.
fn comparable(mut it: Luggage) -> Luggage {
    for effect in &mut it.effects {
        effect.lease = effect.lease.map(|_| Duration::ZERO);
    }
    for envelope in it.envelopes.iter_mut().filter(|it| it.aside.is_some()) {
        (envelope.number, envelope.failures) = (0, 0);
    }
    it.envelopes.sort_by_key(|it| (it.aside.is_some(), it.number, it.id));
    it.effects.sort_by_key(|it| it.id);
    it
}
