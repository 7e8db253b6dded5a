//! A payment that breaks at every step it can break at, by a panic, by an error and by the end of the process
//! (reliability.md T3). Only what died is started again, at most three times; then the person has exactly one grant
//! if MTN has the money and none if it has not, MTN knows one reference, and the books agree.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use answerbot_core::contact::event::{Envelope, Event, To};
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payment::{self, Checked, Failure, News, Order, Payment, Status, What};
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::Plan;
use answerbot_core::{Contact, ContactId, EventId, PaymentId, Time};
use answerbot_ports::conformance::hooked::{Hooked, Hooks};
use answerbot_ports::reports::Reports as _;
use answerbot_ports::store::{Admission, Commit, Committed, Store, StoreError};
use answerbot_ports::world::Clock as _;
use async_trait::async_trait;
use tokio::task::JoinSet;

use crate::world::{Line, Machine, Outside, Process, Real, address};

/// Where it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// The wish is about to be written.
    BeforeInsert,
    /// The wish is written, and nobody heard so.
    AfterInsert,
    /// The request is on its way to MTN, and is lost.
    PostSent,
    /// MTN took it, and nobody read its 202.
    TakenUnread,
    /// MTN said that it is paid, and nothing is written.
    StatusRead,
    /// In the middle of the write that books the money, or of the one that notes the grant.
    MidTransaction,
    /// That write is durable, and nobody heard so: there is no receipt yet.
    AfterCommit,
    /// The person's inbox has the news of the grant, and the payment did not hear so.
    Told,
    /// The receipt is with the person, and nobody noted so.
    ReceiptSent,
    /// In the middle of the write that books a refund.
    MidRefund,
    /// That write is durable, and nobody heard so.
    AfterRefund,
}

const POINTS: [Point; 11] = [
    Point::BeforeInsert,
    Point::AfterInsert,
    Point::PostSent,
    Point::TakenUnread,
    Point::StatusRead,
    Point::MidTransaction,
    Point::AfterCommit,
    Point::Told,
    Point::ReceiptSent,
    Point::MidRefund,
    Point::AfterRefund,
];

/// How it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Panic,
    /// The process ends there.
    Abort,
    /// The call says that it failed.
    Error,
}

/// A point at which calls break.
#[derive(Clone, Copy, Debug)]
pub struct Failpoint {
    point: Point,
    how: How,
    /// So many pass before.
    skip: u64,
    /// So many break then.
    times: u64,
}

impl Outside {
    /// Whether a call breaks here, and how.
    fn breaks(&self, point: Point) -> Option<How> {
        let mut armed = self.failpoint.lock();
        let it = armed.as_mut().filter(|it| it.point == point)?;
        if it.skip > 0 {
            it.skip -= 1;
            return None;
        }
        it.times = it.times.checked_sub(1)?;
        Some(it.how)
    }
}

impl Line {
    /// Breaks here if it is to; true when the call is to say that it failed.
    pub async fn reaches(&self, point: Point) -> bool {
        match self.outside.breaks(point) {
            None => false,
            Some(how) => self.break_by(how).await,
        }
    }

    async fn break_by(&self, how: How) -> bool {
        match how {
            How::Error => return true,
            How::Panic => panic!("a failpoint"),
            How::Abort => self.dead.store(true, Ordering::SeqCst),
        }
        self.alive().await;
        true
    }
}

/// A store that breaks where a payment's money is written.
pub struct Breaking {
    pub line: Line,
    pub database: std::path::PathBuf,
    /// How long the prices are on their way.
    pub late_prices: Duration,
}

fn broken() -> StoreError {
    StoreError::Unavailable("a failpoint".into())
}

impl Breaking {
    /// Runs the commit with a trigger that refuses one of its later rows: its savepoint is rolled back.
    async fn commit_in_part(&self, inner: &dyn Store, commit: Commit) -> Result<Committed, StoreError> {
        let trigger = |statement: &str| {
            let conn = rusqlite::Connection::open(&self.database).unwrap();
            conn.busy_timeout(Duration::from_secs(10)).unwrap();
            conn.execute_batch(statement).unwrap();
        };
        trigger(
            "CREATE TRIGGER no_entry BEFORE INSERT ON ledger BEGIN SELECT RAISE(ABORT, 'a failpoint'); END;
             CREATE TRIGGER no_grant BEFORE INSERT ON payment_grant BEGIN SELECT RAISE(ABORT, 'a failpoint'); END;",
        );
        let committed = inner.commit(commit).await;
        trigger("DROP TRIGGER no_entry; DROP TRIGGER no_grant;");
        committed
    }
}

#[async_trait]
impl Hooks for Breaking {
    async fn before(&self, call: &'static str) -> Result<(), StoreError> {
        match call {
            "admit" | "open" | "commit" | "lease_due" | "unattended" => self.line.alive().await,
            "prices" => tokio::time::sleep(self.late_prices).await,
            _ => {}
        }
        Ok(())
    }

    async fn admit(
        &self,
        inner: &dyn Store,
        envelopes: Vec<Envelope>,
        now: Time,
    ) -> Result<Vec<Admission>, StoreError> {
        let is_wish = envelopes.iter().any(|it| matches!(it.event, Event::Payment(payment::Event::Start(_))));
        let is_grant = envelopes
            .iter()
            .any(|it| matches!(&it.event, Event::Paying(News { what: What::Granted(_), .. })));
        if is_wish && self.line.reaches(Point::BeforeInsert).await {
            return Err(broken());
        }
        let admitted = inner.admit(envelopes, now).await?;
        let breaks = is_wish && self.line.reaches(Point::AfterInsert).await;
        if breaks || is_grant && self.line.reaches(Point::Told).await {
            return Err(broken());
        }
        Ok(admitted)
    }

    async fn commit(&self, inner: &dyn Store, commit: Commit) -> Result<Committed, StoreError> {
        let is_refund = commit.entries.iter().any(|it| it.event == "refunded");
        let has_money = !commit.entries.is_empty() || !commit.grants.is_empty();
        let (within, after) = match (is_refund, has_money) {
            (true, _) => (Point::MidRefund, Point::AfterRefund),
            (false, true) => (Point::MidTransaction, Point::AfterCommit),
            (false, false) => return inner.commit(commit).await,
        };
        if let Some(how) = self.line.outside.breaks(within) {
            let committed = self.commit_in_part(inner, commit).await;
            assert!(committed.is_err(), "the failpoint broke nothing: {committed:?}");
            self.line.break_by(how).await;
            return committed;
        }
        let committed = inner.commit(commit).await?;
        if self.line.reaches(after).await {
            return Err(broken());
        }
        Ok(committed)
    }
}

const PRICE: Money = Money::from_minor(300_000, Currency::Ssp);

fn reference() -> PaymentId {
    PaymentId::draw([7; 16])
}

fn event(id: &str, event: payment::Event) -> Envelope {
    let to = To::Aggregate(reference().into());
    Envelope { id: EventId::digest(id), to, event: Event::Payment(event), sent: None }
}

fn wish(contact: ContactId) -> Envelope {
    let order = Order {
        contact,
        code: "AB7K-3F9Q".into(),
        external_id: "ab1.x.w.1.1".into(),
        plan: Plan::Weekly,
        days: 7,
        price: PRICE,
        version: 1,
        payer: Msisdn::read("0921234567").unwrap(),
        wished: Real.now(),
        test: false,
    };
    event("wish", payment::Event::Start(order))
}

fn paid() -> Checked {
    Checked::Successful {
        money: PRICE,
        payer: Msisdn::read("0921234567"),
        external_id: Some("ab1.x.w.1.1".into()),
        mtn_id: Some("4711".into()),
    }
}

/// One case: one failpoint in the life of one payment.
struct Case {
    name: String,
    machine: Machine,
    process: Option<Process>,
    restarts: u32,
}

impl Case {
    fn new(point: Point, how: How, seed: u64) -> Self {
        let mut machine = Machine::new();
        let paying = &mut machine.policy.paying;
        paying.polls_ms =
            vec![20, 50, 100, 200, 400, 800, 1_500, 3_000, 6_000, 12_000, 24_000, 48_000, 96_000];
        (paying.nudge_apart_ms, paying.unheard_poll_ms) = (0, 200);
        // Every fourth payer declines; the others pay.
        let said = if seed % 4 == 3 { Checked::Failed(Failure::Declined) } else { paid() };
        machine.outside.momo.lock().1 = Some(said);
        // These are reached twice: by the payment that books the money, and by the contact that notes the grant.
        let is_twice = matches!(point, Point::MidTransaction | Point::AfterCommit);
        let armed =
            Failpoint { point, how, skip: if is_twice { seed % 2 } else { 0 }, times: 1 + seed % 3 / 2 };
        *machine.outside.failpoint.lock() = Some(armed);
        let name = format!("{point:?} by {how:?}, seed {seed}");
        Self { name, machine, process: None, restarts: 0 }
    }

    fn start(&mut self) {
        self.process = None;
        let database = self.machine.database();
        let wrap = |inner, line: &Line| {
            let hooks = Breaking { line: line.clone(), database, late_prices: Duration::ZERO };
            Arc::new(Hooked { inner, hooks }) as Arc<dyn Store>
        };
        self.process = Some(self.machine.start_with(wrap));
    }

    fn restart(&mut self) {
        self.restarts += 1;
        assert!(
            self.is_dead() || self.process.is_none(),
            "{}: it needs a restart: {:#?}",
            self.name,
            self.texts()
        );
        assert!(self.restarts <= 3, "{}: three restarts did not mend it: {:#?}", self.name, self.texts());
        self.start();
    }

    fn process(&self) -> &Process {
        self.process.as_ref().unwrap()
    }

    fn texts(&self) -> Vec<String> {
        self.machine.outside.texts_to("ann")
    }

    fn is_dead(&self) -> bool {
        self.process().line.dead.load(Ordering::SeqCst)
    }

    /// Whoever brings an event brings it again until it is acknowledged.
    async fn brings(&mut self, envelope: &Envelope) {
        loop {
            let acked = tokio::select! {
                accepted = self.process().accept(envelope.clone()) => matches!(accepted, Some(Ok(_))),
                () = self.death() => false,
            };
            if acked {
                return;
            }
            if self.is_dead() {
                self.restart();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn death(&self) {
        while !self.is_dead() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Waits for a state, restarting what died or does not get there by itself.
    async fn comes_to(&mut self, is_there: impl Fn(&Contact, &Payment, &[String]) -> bool) {
        loop {
            let there = async {
                loop {
                    let (contact, payment) = self.states().await;
                    if is_there(&contact, &payment, &self.texts()) {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            tokio::select! {
                () = there => return,
                () = self.death() => {}
                () = tokio::time::sleep(Duration::from_secs(20)) => {}
            }
            self.restart();
        }
    }

    fn ann(&self) -> ContactId {
        self.process().store.hash_key().contact(&address("ann"))
    }

    async fn states(&self) -> (Contact, Payment) {
        let store = &self.process().store;
        let contact = store.open(self.ann().into()).await.unwrap().state;
        let payment = store.open(reference().into()).await.unwrap().state;
        (contact.as_contact().cloned().unwrap_or_default(), payment.as_payment().cloned().unwrap_or_default())
    }
}

/// How often the point was reached by a call that broke.
async fn run(point: Point, how: How, seed: u64) -> u64 {
    let mut case = Case::new(point, how, seed);
    let armed = case.machine.outside.failpoint.lock().unwrap();
    case.start();
    case.process().agrees("ann").await;
    let wish = wish(case.ann());
    case.brings(&wish).await;
    let pays = seed % 4 != 3;
    case.comes_to(|contact, payment, texts| {
        let heard = |words: &str| texts.iter().any(|it| it.contains(words));
        let is_granted = payment.status == Status::Success && !contact.paying.grants.is_empty();
        if pays { is_granted && heard("Receipt") } else { heard("declined on the phone") }
    })
    .await;
    let is_refund = matches!(point, Point::MidRefund | Point::AfterRefund) && pays;
    if is_refund {
        case.brings(&event("refund", payment::Event::RefundedByHand("998".into()))).await;
        case.comes_to(|_, payment, texts| {
            payment.status == Status::Refunded && texts.iter().any(|it| it.contains("given back"))
        })
        .await;
    }
    // What the last breakage left is found by a calm process; the wish and the callback come once more.
    let left = std::mem::take(&mut *case.machine.outside.failpoint.lock()).map_or(0, |it| it.times);
    if let Some(process) = case.process.take().filter(|it| !it.line.dead.load(Ordering::SeqCst)) {
        process.stop(Duration::from_secs(5)).await;
    }
    case.start();
    case.brings(&wish).await;
    case.brings(&event("callback", payment::Event::Nudge)).await;
    case.process().says("ann", "q1", "What is malaria?").await;
    case.process().answered("ann", "What is malaria?").await;
    agrees_with_mtn(&case, pays, is_refund, armed.times - left).await;
    armed.times - left
}

/// One grant if MTN has the money, one request, books that say the same.
async fn agrees_with_mtn(case: &Case, pays: bool, is_refund: bool, broken: u64) {
    let name = &case.name;
    let (contact, payment) = case.states().await;
    let outside = &case.machine.outside;
    assert_eq!(outside.momo.lock().0.len(), 1, "{name}: one wish is one request");
    assert!(outside.momo_posts.lock().iter().all(|it| *it == reference()), "{name}: another reference");
    assert!(outside.momo_posts.lock().len() as u64 <= 1 + broken, "{name}: asked anew without need");
    assert_eq!(contact.paying.grants.len(), usize::from(pays), "{name}: {payment:#?}");
    let status = match (pays, is_refund) {
        (true, true) => Status::Refunded,
        (true, false) => Status::Success,
        (false, _) => Status::Failed(Failure::Declined),
    };
    assert_eq!(payment.status, status, "{name}");
    let store = &case.process().store;
    let entries: Vec<String> =
        store.entries(reference()).await.unwrap().into_iter().map(|it| it.event).collect();
    let wanted: &[&str] = match (pays, is_refund) {
        (true, true) => &["captured", "refunded"],
        (true, false) => &["captured"],
        (false, _) => &[],
    };
    assert_eq!(entries, wanted, "{name}");
    let clearing =
        store.accounts().await.unwrap().into_iter().find(|it| it.account == "assets:momo:clearing");
    let money = if pays && !is_refund { PRICE.minor() } else { 0 };
    assert_eq!(clearing.map_or(0, |it| it.minor), money, "{name}");
    let counts = store.money_counts(Real.now().plus(1_000)).await.unwrap();
    assert!(counts.is_balanced && counts.unmatched.is_empty() && counts.in_review == 0, "{name}: {counts:?}");
    assert_eq!(store.chain().await.unwrap().broken_at, None, "{name}");
    assert!(store.stuck(10).await.unwrap().is_empty(), "{name}: something is stuck");
    let receipts = case.texts().iter().filter(|it| it.contains("Receipt")).count() as u64;
    let most = if pays { 1 + broken + u64::from(case.restarts) } else { 0 };
    assert!((u64::from(pays)..=most).contains(&receipts), "{name}: {receipts} receipts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_a_payment_breaks_money_and_grant_agree_and_only_what_died_is_started_again() {
    #[expect(clippy::disallowed_methods, reason = "the size of a soak comes from its script")]
    let seeds: u64 = std::env::var("SOAK_FAILPOINTS").ok().and_then(|it| it.parse().ok()).unwrap_or(2);
    let mut cases: Vec<(Point, How, u64)> = Vec::new();
    for point in POINTS {
        for how in [How::Panic, How::Abort, How::Error] {
            cases.extend((0..seeds).map(|seed| (point, how, seed)));
        }
    }
    let all = cases.len();
    let mut running = JoinSet::new();
    let mut broken = Vec::new();
    for (point, how, seed) in cases {
        while running.len() >= 6 {
            broken.push(running.join_next().await.unwrap().unwrap());
        }
        running.spawn(async move { (point, how, run(point, how, seed).await) });
    }
    while let Some(case) = running.join_next().await {
        broken.push(case.unwrap());
    }
    let reached = broken.iter().filter(|(.., times)| *times > 0).count();
    println!(
        "{all} cases of {} points, {seeds} seeds each; the point was reached in {reached}",
        POINTS.len()
    );
    for point in POINTS {
        for how in [How::Panic, How::Abort, How::Error] {
            let is_it = |it: &&(Point, How, u64)| (it.0, it.1) == (point, how) && it.2 > 0;
            assert!(broken.iter().any(|it| is_it(&it)), "{point:?} by {how:?} was never reached");
        }
    }
}
