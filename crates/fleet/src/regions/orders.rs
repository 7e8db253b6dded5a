//! Who moves, and when: orders of operators, and once a minute the wishes of people.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::time::{DAY, MINUTE};
use answerbot_core::{ContactId, EventId, Time};
use answerbot_ports::regions::{Depot, Order, Place, Progress, Region, Which, Who};
use answerbot_ports::store::{Store as _, StoreError};

use super::mover::Why;
use super::wishes::Whose;
use super::{PATIENCE, Regional, Tally};

/// How often orders are looked for.
const EVERY: Duration = Duration::from_secs(1);
/// So long nobody else in a fleet moves people; work ends before.
const TURN_MS: i64 = 10_000;
const WORK_MS: i64 = 9_000;
/// People looked for at once.
const PAGE: usize = 500;
/// So long a move can be undone.
const UNDONE_FOR_MS: i64 = 7 * DAY;

/// An order that was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// Its number.
    pub id: EventId,
}

impl Regional {
    /// Carries out orders and wishes until the process stops.
    pub(super) async fn carry_out_orders(&self) {
        let mut failed = false;
        let mut turn: Option<Time> = None;
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            match self.take_turn(&mut turn).await {
                Ok(()) => failed = false,
                Err(error) if !failed => {
                    failed = true;
                    tracing::error!(error = %error, "orders to move people could not be carried out; trying again");
                }
                Err(_) => {}
            }
        }
    }

    /// One process of a fleet at a time moves people.
    async fn take_turn(&self, turn: &mut Option<Time>) -> Result<(), StoreError> {
        let now = self.clock.now();
        if turn.is_none_or(|until| now >= until) {
            *turn = None;
            if !self.main.take("move_people", TURN_MS, now).await? {
                return Ok(());
            }
            let until = now.plus(WORK_MS);
            *turn = Some(until);
            self.resume_until(until).await?;
            if self.main.take("put_right", MINUTE, now).await? {
                self.put_right_everywhere(until).await;
            }
            if self.main.take("fulfil_wishes", MINUTE, now).await? {
                self.fulfil(&Whose::Free, until).await?;
            }
        }
        self.carry_out(turn.unwrap_or(now)).await
    }

    /// Works on open orders, the oldest first, until then. An order that cannot go on waits for the next look.
    pub async fn carry_out(&self, until: Time) -> Result<(), StoreError> {
        let orders = self.main.orders(Which::Open, usize::MAX).await?;
        for order in orders.into_iter().rev() {
            if self.is_over(until) {
                break;
            }
            self.carry_out_one(order, until).await?;
        }
        Ok(())
    }

    pub(super) fn is_over(&self, until: Time) -> bool {
        self.stopping.is_cancelled() || self.clock.now() >= until
    }

    async fn carry_out_one(&self, order: Order, until: Time) -> Result<(), StoreError> {
        let Order { id, who, to, .. } = order;
        match who {
            Who::Contact(of) => {
                let place = self.place_of(of).await?;
                let mut tally = Tally::default();
                if place.region != to {
                    tally = self.move_some(&[of], &place.region, &to, Why::Order, until).await;
                } else if let Err(error) = self.keep(of, &place).await {
                    tally.fail(1, &error);
                }
                let is_done = tally.failed == 0 && self.place_of(of).await?.region == to;
                self.note(id, tally, is_done).await.map(drop)
            }
            Who::Wished => {
                let tally = self.fulfil(&Whose::Ordered(&to), until).await?;
                let is_done = tally == Tally::default() && !self.is_over(until);
                self.note(id, tally, is_done).await.map(drop)
            }
            Who::All(from) => self.empty(id, &from, &to, until).await,
        }
    }

    /// Somebody stays where they live: a move is taken back, and what they wished is overruled.
    async fn keep(&self, of: ContactId, place: &Place) -> Result<(), StoreError> {
        self.stays(of, place).await?;
        let said = self.open(of.into()).await?.state.as_contact().and_then(|it| it.region.chosen());
        let said = said.and_then(|it| it.name().parse().ok()).filter(|it| *it != place.region);
        let home = self.site_of(&place.region)?;
        let mark = self.new_mark(home);
        if said != place.overruled && self.main.mark(of, &home.name, None, Some(&mark)).await? {
            self.main.arrive(of, &mark, said.as_ref(), self.clock.now()).await?;
            self.finish(of, &[], home, None, &mark).await?;
        }
        Ok(())
    }

    /// Moves everybody who lives in a store. It is done when all were moved whom one look found, from the first to the
    /// last.
    async fn empty(&self, id: EventId, from: &Region, to: &Region, until: Time) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let find = |depot: Arc<dyn Depot>| async move { depot.residents(after, PAGE).await };
            let found = match self.site_of(from) {
                Ok(site) => site.call_within(PATIENCE, &*self.clock, find).await,
                Err(error) => Err(error),
            };
            let people = match found {
                Ok(people) => people,
                // It waits for its store, and keeps no other order waiting.
                Err(error) => {
                    let note = error.to_string();
                    return self.note(id, Tally { note, ..Tally::default() }, false).await.map(drop);
                }
            };
            after = people.last().copied();
            let tally = self.move_some(&people, from, to, Why::Order, until).await;
            let is_whole = tally.moved == people.len() as u64 || !self.any_lives_in(&people, from).await?;
            let is_last = people.len() < PAGE;
            let is_going_on = self.note(id, tally, is_last && is_whole).await?;
            if is_last || !is_whole || !is_going_on || self.is_over(until) {
                return Ok(());
            }
        }
    }

    async fn any_lives_in(&self, people: &[ContactId], region: &Region) -> Result<bool, StoreError> {
        Ok(self.main.places(people).await?.iter().any(|it| it.region == *region))
    }

    /// Writes down how far an order is; false when it was stopped meanwhile.
    async fn note(&self, id: EventId, tally: Tally, is_done: bool) -> Result<bool, StoreError> {
        let Some(was) = self.order(id).await? else { return Ok(false) };
        let is_news = tally.moved > 0 || was.failed != tally.failed || was.note != tally.note;
        if is_news && !self.main.note_order(id, tally.moved, tally.failed, tally.note).await? {
            return Ok(false);
        }
        if is_done {
            return self.main.end_order(id, Progress::Done).await;
        }
        Ok(was.progress == Progress::Open)
    }

    /// Orders, newest first.
    pub async fn orders(&self, limit: usize) -> Result<Vec<Order>, StoreError> {
        self.main.orders(Which::All, limit).await
    }

    /// How far an order is.
    pub async fn order(&self, id: EventId) -> Result<Option<Order>, StoreError> {
        Ok(self.main.orders(Which::One(id), 1).await?.pop())
    }

    /// Orders a move. `serve` carries it out within a second or two.
    pub async fn order_move(
        &self,
        id: EventId,
        who: Who,
        to: Region,
        by: String,
    ) -> Result<Ordered, StoreError> {
        self.site_of(&to)?;
        if let Who::All(from) = &who {
            self.site_of(from)?;
        }
        let order = Order {
            id,
            who,
            to,
            by,
            at: self.clock.now(),
            progress: Progress::Open,
            moved: 0,
            failed: 0,
            note: String::new(),
        };
        self.main.put_order(order).await?;
        Ok(Ordered { id })
    }

    /// Orders that somebody stays where they live, when they are on the way, or goes back to where they lived before, for
    /// seven days. `None` when there is nothing to undo.
    pub async fn undo(&self, id: EventId, of: ContactId, by: String) -> Result<Option<Ordered>, StoreError> {
        let place = self.place_of(of).await?;
        let is_on_the_way = place.moving_to.as_ref().is_some_and(|it| it.to != place.region);
        let since = self.clock.now().plus(-UNDONE_FOR_MS);
        let to = match place.before.last() {
            _ if is_on_the_way => place.region,
            Some((region, until)) if *until >= since => region.clone(),
            _ => return Ok(None),
        };
        self.order_move(id, Who::Contact(of), to, by).await.map(Some)
    }

    /// Stops an order: whoever was moved stays there. False when it is over already.
    pub async fn stop_order(&self, id: EventId) -> Result<bool, StoreError> {
        self.main.end_order(id, Progress::Stopped).await
    }
}
