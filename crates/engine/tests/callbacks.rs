//! What MTN posts, and what is posted in its name: whatever comes, money and grants agree.

use std::sync::atomic::Ordering;
use std::time::Duration;

use answerbot_core::contact::event::{Envelope, Event, To};
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payment::{self, Checked, Failure, Order, Status};
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::Plan;
use answerbot_core::{ContactId, EventId, PaymentId};
use answerbot_engine::Hinted;
use answerbot_ports::store::{CALLBACKS_FOR_MS, CALLBACKS_OF_ONE, Store};
use answerbot_ports::world::Clock;

use crate::world::{Machine, Process, Real, address};

/// Polls so far away that only callbacks can have made us ask.
const NEVER: i64 = 600_000;

/// The payment of a number from 1 on; each has a person and a payer of its own.
fn payment(number: u16) -> PaymentId {
    let mut bytes = [7; 16];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    PaymentId::draw(bytes)
}

fn external_id(number: u16) -> String {
    format!("ab1.{number}.w.1.1")
}

fn payer(number: u16) -> Msisdn {
    Msisdn::read(&format!("0921{number:06}")).unwrap()
}

fn person(process: &Process, number: u16) -> ContactId {
    process.store.hash_key().contact(&address(&format!("p{number}")))
}

/// The person wishes to pay for a week, and MTN takes the request.
async fn begin(process: &Process, number: u16) {
    let order = Order {
        contact: person(process, number),
        code: format!("CODE-{number:04}"),
        external_id: external_id(number),
        plan: Plan::Weekly,
        days: 7,
        price: Money::whole(3_000, Currency::Ssp),
        version: 1,
        payer: payer(number),
        wished: Real.now(),
        test: false,
    };
    let to = To::Aggregate(payment(number).into());
    let event = Event::Payment(payment::Event::Start(order));
    let id = EventId::digest(&format!("wish {number}"));
    process.accept(Envelope { id, to, event, sent: None }).await.unwrap().unwrap();
}

async fn all_begin(process: &Process, count: u16) {
    for number in 1..=count {
        begin(process, number).await;
    }
    for number in 1..=count {
        until(process, number, |status| status == Status::Pending).await;
    }
}

fn success(number: u16) -> Checked {
    Checked::Successful {
        money: Money::whole(3_000, Currency::Ssp),
        payer: Some(payer(number)),
        external_id: Some(external_id(number)),
        mtn_id: Some(format!("{}", 4_711 + u32::from(number))),
    }
}

/// What MTN would post, with a word at its end that makes it another body.
fn body(number: u16, status: &str, more: usize) -> String {
    let (external_id, payer) = (external_id(number), payer(number).digits());
    format!(
        r#"{{"financialTransactionId":"{more}","externalId":"{external_id}","amount":"3000","currency":"SSP",
        "payer":{{"partyIdType":"MSISDN","partyId":"{payer}"}},"status":"{status}"}}"#
    )
}

async fn status(process: &Process, number: u16) -> Status {
    process.store.open(payment(number).into()).await.unwrap().state.as_payment().unwrap().status
}

async fn grants(process: &Process, number: u16) -> usize {
    let state = process.store.open(person(process, number).into()).await.unwrap().state;
    state.as_contact().unwrap().paying.grants.len()
}

/// Waits for a state of the payment, not for a time.
async fn until(process: &Process, number: u16, done: impl Fn(Status) -> bool) {
    let waited = tokio::time::timeout(Duration::from_mins(2), async {
        while !done(status(process, number).await) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "payment {number} is {:?}", status(process, number).await);
}

fn asked(process: &Process, number: u16) -> Vec<Duration> {
    let all = process.line.outside.momo_asked.lock();
    all.iter().filter(|(it, _)| *it == payment(number)).map(|(_, at)| *at).collect()
}

fn since(began: Duration) -> Duration {
    Real.monotonic().saturating_sub(began)
}

fn machine() -> Machine {
    let mut machine = Machine::new();
    machine.policy.paying.polls_ms = vec![NEVER];
    machine
}

/// How MTN calls back in a row of the table. What only the web sees (PUT, a megabyte, a client that drips) arrives
/// here as a body that is whole or cut.
#[derive(Clone, Copy, Debug)]
enum Case {
    None,
    One,
    FiftyOne,
    Reordered,
    ForgedSuccess,
    UnknownReference,
    NoReference,
    Cut,
    Nothing,
}

impl Case {
    const ALL: [Self; 9] = [
        Self::None,
        Self::One,
        Self::FiftyOne,
        Self::Reordered,
        Self::ForgedSuccess,
        Self::UnknownReference,
        Self::NoReference,
        Self::Cut,
        Self::Nothing,
    ];

    /// Gives how long each answer took.
    async fn call_back(self, process: &Process, number: u16, truth: &str) -> Vec<Duration> {
        let mut took = Vec::new();
        let own = Some(payment(number));
        let words: &[&str] = match self {
            Self::None | Self::Nothing => &[],
            Self::One | Self::UnknownReference | Self::NoReference | Self::Cut => &[truth],
            Self::FiftyOne => &[truth; 51],
            Self::Reordered => &[truth, "PENDING", "CREATED", truth],
            Self::ForgedSuccess => &["SUCCESSFUL", "SUCCESSFUL", "FAILED", "SUCCESSFUL"],
        };
        for word in words {
            let body = body(number, word, 0);
            let began = Real.monotonic();
            match self {
                Self::UnknownReference => {
                    process.called_back(Some(payment(number + 10_000)), &body, false).await
                }
                Self::NoReference => process.called_back(None, &body, false).await,
                Self::Cut => process.called_back(own, &body[..40], true).await,
                _ => process.called_back(own, &body, false).await,
            };
            took.push(since(began));
        }
        if matches!(self, Self::Nothing) {
            process.called_back(own, "", true).await;
        }
        took
    }
}

/// T5 of the reliability plan.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_mtn_calls_back_grants_are_its_successes_and_nothing_else() {
    #[expect(clippy::disallowed_methods, reason = "the size of a soak comes from its script")]
    let each: u16 = std::env::var("SOAK_CALLBACKS").ok().and_then(|it| it.parse().ok()).unwrap_or(7);
    let mut machine = Machine::new();
    // Thousands begin slowly: the later polls are theirs.
    machine.policy.paying.polls_ms =
        vec![2_000, 4_000, 8_000, 20_000, 40_000, 60_000, 80_000, 100_000, 120_000, NEVER];
    machine.policy.paying.nudge_apart_ms = 300;
    let process = machine.start();
    let count = each * u16::try_from(Case::ALL.len()).unwrap();
    all_begin(&process, count).await;
    let case = |number: u16| Case::ALL[usize::from((number - 1) / each)];
    // Of seven people three pay, two decline, two do nothing; `scripts/soak` asks five hundred of each case.
    let truth = |number: u16| ["SUCCESSFUL", "FAILED", "PENDING"][usize::from((number - 1) % each % 3)];
    for number in 1..=count {
        let says = match truth(number) {
            "SUCCESSFUL" => success(number),
            "FAILED" => Checked::Failed(Failure::Declined),
            _ => Checked::Pending,
        };
        machine.outside.momo_says.lock().insert(payment(number), says);
    }
    let mut took = Vec::new();
    for number in 1..=count {
        took.extend(case(number).call_back(&process, number, truth(number)).await);
    }
    // To be read, not to be judged: other programs run here too.
    took.sort();
    println!("{} callbacks, p99 {:?}, longest {:?}", took.len(), took[took.len() * 99 / 100], took.last());
    let mut forged_grants = 0;
    for number in 1..=count {
        let (case, truth) = (case(number), truth(number));
        until(&process, number, |status| match truth {
            "SUCCESSFUL" => status == Status::Success,
            "FAILED" => matches!(status, Status::Failed(_)),
            _ => status == Status::Pending,
        })
        .await;
        if truth == "SUCCESSFUL" {
            let granted = async {
                while grants(&process, number).await == 0 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            assert!(tokio::time::timeout(Duration::from_secs(10), granted).await.is_ok(), "{case:?}");
        }
        let expected = usize::from(truth == "SUCCESSFUL");
        assert_eq!(grants(&process, number).await, expected, "{case:?}, MTN says {truth}");
        if matches!(case, Case::ForgedSuccess) {
            forged_grants += grants(&process, number).await - expected;
        }
    }
    assert_eq!(forged_grants, 0);
    process.stop(Duration::from_secs(5)).await;
    assert_eq!(machine.outside.momo.lock().0.len(), usize::from(count), "one request each");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_one_times_the_same_asks_once_and_what_mtn_says_is_granted() {
    let machine = machine();
    let process = machine.start();
    all_begin(&process, 1).await;
    machine.outside.momo_says.lock().insert(payment(1), success(1));
    let body = body(1, "SUCCESSFUL", 0);
    assert_eq!(process.called_back(Some(payment(1)), &body, false).await, Hinted::Nudged);
    for _ in 0..50 {
        assert_eq!(process.called_back(Some(payment(1)), &body, false).await, Hinted::Again);
    }
    until(&process, 1, |status| status == Status::Success).await;
    assert_eq!(asked(&process, 1).len(), 1);
    let all = process.store.forget_callbacks(Real.now().plus(1_000_000)).await.unwrap();
    assert_eq!(all, 1, "one row");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_forged_successes_grants_nothing_and_is_bounded_on_every_side() {
    let mut machine = machine();
    machine.policy.paying.nudge_apart_ms = 300;
    let apart = Duration::from_millis(300);
    let process = machine.start();
    all_begin(&process, 1).await;
    let began = Real.monotonic();
    let mut nudged = 0;
    let mut posted = 0;
    // Until we have asked five times, which takes more than a second, and at least some hundreds.
    while asked(&process, 1).len() < 5 || posted < 300 {
        assert!(since(began) < Duration::from_mins(1), "asked {:?}", asked(&process, 1));
        let hinted = process.called_back(Some(payment(1)), &body(1, "SUCCESSFUL", posted), false).await;
        nudged += u64::from(hinted == Hinted::Nudged);
        posted += 1;
    }
    let seconds = since(began).as_secs();
    assert!(nudged >= 20 && nudged <= 20 * (seconds + 1), "{nudged} nudges in {seconds} s, of {posted}");
    let times = asked(&process, 1);
    for pair in times.windows(2) {
        let between = pair[1].saturating_sub(pair[0]);
        assert!(between >= apart, "asked twice within {between:?}");
    }
    assert_eq!(status(&process, 1).await, Status::Pending);
    assert_eq!(grants(&process, 1).await, 0);
    let rows = process.store.forget_callbacks(Real.now().plus(1_000_000)).await.unwrap();
    assert_eq!(rows, CALLBACKS_OF_ONE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_for_no_payment_of_ours_is_kept_and_makes_nothing() {
    let machine = machine();
    let process = machine.start();
    let stranger = payment(9);
    assert_eq!(process.called_back(Some(stranger), "a", false).await, Hinted::Unknown);
    assert_eq!(process.called_back(Some(stranger), "a", false).await, Hinted::Again, "so it was kept");
    assert!(!process.store.knows(stranger.into()).await.unwrap(), "no payment comes of it");
    assert_eq!(process.called_back(None, "a", false).await, Hinted::Unknown);
    assert_eq!(process.called_back(None, "a", false).await, Hinted::Again);
    // Nor of the id of something else that we know.
    process.agrees("ann").await;
    let ann = *process.store.hash_key().contact(&address("ann")).as_bytes();
    assert_eq!(process.called_back(Some(PaymentId::from_bytes(ann)), "a", false).await, Hinted::Unknown);
    assert!(machine.outside.momo_asked.lock().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_is_forgotten_seven_days_after_it_came_last() {
    let machine = machine();
    let process = machine.start();
    process.called_back(None, "a", false).await;
    process.stop(Duration::from_secs(5)).await;
    let later = |ms| machine.outside.clock_ahead_ms.store(ms, Ordering::SeqCst);

    later(CALLBACKS_FOR_MS - 3_600_000);
    // Starting sweeps once, and stopping waits for the end of it.
    machine.start().stop(Duration::from_secs(5)).await;
    let process = machine.start();
    assert_eq!(process.called_back(None, "a", false).await, Hinted::Again, "not before");
    process.stop(Duration::from_secs(5)).await;

    later(2 * CALLBACKS_FOR_MS);
    machine.start().stop(Duration::from_secs(5)).await;
    assert_eq!(machine.start().called_back(None, "a", false).await, Hinted::Unknown);
}
