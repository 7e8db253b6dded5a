//! How many commands things take, as the driver counts them.

use std::sync::Arc;

use answerbot_core::contact::effect::Kind;
use answerbot_ports::conformance::{LEASED, commit, effect, text, want};
use answerbot_ports::store::{Admission, Commit, Committed, Store};

use super::answers::turn;
use super::home::{Home, NOON, admit};

/// A question that is admitted, decided, answered and sent, by a process that holds the state from `version` on (`None`:
/// it has to open it first). Returns the version after it.
async fn answer(store: &Arc<answerbot_fleet::mongo::MongoStore>, mid: &str, version: Option<u64>) -> u64 {
    let (of, numbered) = admit(store, text("ann", mid, "What is osmosis?")).await;
    let version = match version {
        Some(version) => version,
        None => store.open(of).await.unwrap().version,
    };
    let taken = vec![numbered.envelope.id];
    let number = u32::try_from(version).unwrap();
    let (ask, send) = (effect(of, number, Kind::Ask, NOON), effect(of, number + 1, Kind::Send, NOON));
    let decided = Commit {
        taken,
        open: vec![(ask.clone(), LEASED)],
        facets: None,
        ..commit(of, version, numbered.number)
    };
    let answered = Commit {
        settled: vec![ask.id],
        open: vec![(send.clone(), LEASED)],
        facts: vec![turn(of, number, false, None, &[40])],
        ..commit(of, version + 1, numbered.number)
    };
    let sent = Commit { settled: vec![send.id], ..commit(of, version + 2, numbered.number) };
    for (step, it) in [decided, answered, sent].into_iter().enumerate() {
        let done = version + step as u64 + 1;
        assert_eq!(store.commit(it).await.unwrap(), Committed::Done(done));
    }
    version + 3
}

/// Commands on people and claims: what is copied beside is counted apart.
fn on_the_way(commands: &[String]) -> Vec<String> {
    commands
        .iter()
        .filter(|it| it.ends_with(" ab_aggregates") || it.ends_with(" ab_claims"))
        .cloned()
        .collect()
}

#[tokio::test]
async fn an_answered_question_takes_four_writes_and_when_warm_no_read() {
    let Some(home) = Home::new() else { return };
    let (store, count) = home.counted().await;
    let (other, elsewhere) = home.counted().await;
    count.take();
    let version = answer(&store, "m1", None).await;
    let first = on_the_way(&count.take());
    answer(&store, "m2", Some(version)).await;
    let warm = on_the_way(&count.take());
    elsewhere.take();
    answer(&other, "m3", None).await;
    let cold = on_the_way(&elsewhere.take());
    println!("the first one of a person: {}: {first:?}", first.len());
    println!("cold: {}: {cold:?}\nwarm: {}: {warm:?}", cold.len(), warm.len());
    // Once in a life: who is not there is pushed to in vain, looked for, and made.
    assert_eq!(first.len(), 8, "{first:?}");
    // Besides the four writes the owner of the address and the state are read.
    assert_eq!(cold.len(), 6, "{cold:?}");
    assert_eq!(warm.len(), 4, "{warm:?}");
    assert!(warm.iter().all(|it| !it.starts_with("find ")), "{warm:?}");
    // No hint is left behind by what a process knows.
    count.take();
    let all = Kind::ALL.map(|kind| want(kind, 5));
    assert!(store.lease_due(&all, NOON).await.unwrap().is_empty());
    let looked = count.take();
    assert_eq!(looked.len(), 1, "{looked:?}");
    home.leave().await;
}

#[tokio::test]
async fn a_redelivered_event_fails_no_command_and_writes_nothing() {
    let Some(home) = Home::new() else { return };
    let (store, count) = home.counted().await;
    let (of, numbered) = admit(&store, text("ann", "m1", "hello")).await;
    count.take();
    for _ in 0..3 {
        let again = store.admit(vec![text("ann", "m1", "hello")], NOON).await.unwrap();
        assert_eq!(again, [Admission::Waits(of)]);
    }
    let commands = count.take();
    assert_eq!(commands.len(), 6, "an update that matches nothing, and a look why: {commands:?}");
    let it = Commit { taken: vec![numbered.envelope.id], ..commit(of, 0, 1) };
    store.commit(it).await.unwrap();
    assert_eq!(store.admit(vec![text("ann", "m1", "hello")], NOON).await.unwrap(), [Admission::Known]);
    assert_eq!(count.failed(), 0);
    assert!(store.open(of).await.unwrap().waiting.is_empty());
    home.leave().await;
}
