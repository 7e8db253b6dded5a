//! The price of a decision, and of the indexes that the owner's plan asks for.

use std::hint::black_box;

use answerbot_core::contact::Contact;
use answerbot_core::contact::effect::{Action, Reply};
use answerbot_core::contact::event::{Envelope, Event, Input, Numbered, Outcome, To};
use answerbot_core::pay::price::{PriceBook, Selling};
use answerbot_core::reuse::curated::Shelf;
use answerbot_core::{Address, Channel, ContactId, EventId, Policy, Rules, Time};
use answerbot_sim::clock;

use crate::figure;

/// One answered question: the message, the AI's answer and the platform's receipt, three decisions.
pub fn decide() {
    const ROUNDS: u32 = 20_000;
    let mut policy = Policy::default();
    policy.burst.window_ms = 0;
    policy.quota.free_per_day = u32::MAX;
    policy.limits.ai_calls_per_day = u32::MAX;
    let id = ContactId::from_bytes([1; 16]);
    let now = Time::from_millis(1_795_514_400_000);
    let envelope = |number: u64, event: Event| {
        Input::Envelope(Numbered {
            number,
            arrived: now,
            identity: Some(id),
            envelope: Envelope {
                id: EventId::derive("messenger", &number.to_string()),
                to: To::Address(Address {
                    channel: Channel::Messenger,
                    page: "page".into(),
                    user: "user".into(),
                }),
                event,
                sent: Some(now),
            },
        })
    };
    let agree = [envelope(1, Event::Tap(answerbot_core::contact::message::Tap::Agree))];
    let first = decide_one(&policy, id, Contact::default(), &agree, now);
    let mut contact = first.state;
    contact.sending = None;
    let reply = Reply {
        text: "**Malaria** is an illness.\n\n- Sleep under a net\n- See a nurse.".into(),
        ..Reply::default()
    };
    let began = clock::now();
    for number in 0..u64::from(ROUNDS) {
        let question = [envelope(number + 2, Event::Text("How do I keep maize dry in the rain?".into()))];
        let asked = decide_one(&policy, id, contact, &question, now);
        let ask = asked.open.iter().find(|it| matches!(it.action, Action::Ask(_))).unwrap().clone();
        let answered = [Input::Outcome { effect: ask, outcome: Outcome::Answered(reply.clone()) }];
        let answered = decide_one(&policy, id, asked.state, &answered, now);
        let send = answered.open[0].clone();
        let sent = [Input::Outcome { effect: send, outcome: Outcome::Sent(EventId::derive("m", "1")) }];
        contact = decide_one(&policy, id, answered.state, &sent, now).state;
        contact.sending = None;
        contact.outbox.clear();
    }
    black_box(&contact);
    let micros = began.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS);
    figure("decide_per_answered_question", micros, "us", None);
}

fn decide_one(
    policy: &Policy,
    id: ContactId,
    contact: Contact,
    inputs: &[Input],
    now: Time,
) -> answerbot_core::Decision {
    let prices = PriceBook::built_in();
    let shelf = Shelf::default();
    let rules = Rules { policy, prices: &prices, selling: Selling::Off, testers: None, shelf: &shelf };
    answerbot_core::decide(rules, id, contact, black_box(inputs), now, [7; 16])
}

/// A row of a new person with the plan's six indexes, and with the one that we need.
pub fn indexes() {
    const ROWS: i64 = 50_000;
    let columns = "no INTEGER PRIMARY KEY, external_id BLOB, stage TEXT, reset_day INTEGER, phone BLOB, \
                   subscription_status TEXT, subscription_expiry INTEGER, state BLOB";
    let mut micros = [0.0; 2];
    for (at, indexed) in [
        &["external_id"][..],
        &["external_id", "phone", "subscription_status", "subscription_expiry", "stage", "reset_day"],
    ]
    .into_iter()
    .enumerate()
    {
        let folder = tempfile::tempdir().unwrap();
        let conn = rusqlite::Connection::open(folder.path().join("i.db")).unwrap();
        conn.pragma_update(None, "journal_mode", "wal").unwrap();
        conn.execute_batch(&format!("CREATE TABLE contact ({columns})")).unwrap();
        for column in indexed {
            conn.execute_batch(&format!("CREATE INDEX i_{column} ON contact ({column})")).unwrap();
        }
        let state = vec![7_u8; 900];
        let began = clock::now();
        conn.execute_batch("BEGIN").unwrap();
        let mut insert = conn
            .prepare("INSERT INTO contact (external_id, stage, reset_day, phone, subscription_status, subscription_expiry, state) VALUES (?1, 'ready', ?2, ?1, 'active', ?3, ?4)")
            .unwrap();
        for number in 0..ROWS {
            let id = EventId::derive("row", &number.to_string());
            insert
                .execute(rusqlite::params![
                    id.as_bytes(),
                    20_000 + number % 30,
                    number * 7_919 % 100_000,
                    state
                ])
                .unwrap();
        }
        drop(insert);
        conn.execute_batch("COMMIT").unwrap();
        micros[at] = began.elapsed().as_secs_f64() * 1e6 / ROWS as f64;
    }
    figure("new_person_row_with_one_index", micros[0], "us", None);
    figure("new_person_row_with_the_plans_six_indexes", micros[1], "us", None);
}
