//! What operators read and hand over, whoever lives where.

use answerbot_core::contact::effect::Kind;
use answerbot_core::contact::event::{Envelope, Event, To};
use answerbot_core::{ContactId, EventId};
use answerbot_ports::conformance::{commit, effect};
use answerbot_ports::reports::{Audit, Reports as _};
use answerbot_ports::store::{Commit, ContactFacets, FAILURES, Facets, Store as _, Stuck};

use super::support::{JUBA, WAU, World, now, says, write};

fn audit() -> Audit {
    let (who, what, subject) = ("ann".into(), "user forget".into(), "x".into());
    Audit { at: now(), who, what, subject, detail: String::new() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_and_what_is_stuck_are_read_from_all_stores_and_a_dead_one_is_passed_over() {
    let world = World::new();
    let regional = world.regional();
    let mut people: Vec<ContactId> = Vec::new();
    for (user, home) in [("ann", JUBA), ("ben", WAU), ("eve", "main"), ("fay", JUBA), ("gil", "main")] {
        let of = world.settle(&regional, user, home).await;
        let dead = effect(of.into(), 0, Kind::Alert, now());
        let facets = ContactFacets { stage: "ready", ..ContactFacets::default() };
        let facets = Some(Facets::Contact(facets));
        write(
            &regional,
            Commit { dead: vec![(dead, "graph 100".into())], facets, ..commit(of.into(), 1, 1) },
        )
        .await;
        people.push(of);
    }
    people.sort_unstable();
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = regional.contacts(false, after, 2).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        paged.extend(page.into_iter().map(|(of, _)| of));
    }
    assert_eq!(paged, people, "each once, by id");
    let overview = regional.overview().await.unwrap();
    assert_eq!((overview.contacts, overview.ready, overview.dead_effects), (5, 5, 5));
    assert_eq!(regional.stuck(9).await.unwrap().len(), 5);
    assert_eq!(regional.stuck(3).await.unwrap().len(), 3);
    // One is revived where its person lives.
    let ben = world.who("ben");
    let dead = effect(ben.into(), 0, Kind::Alert, now());
    assert!(regional.revive_effect(dead.id, now()).await.unwrap());
    assert_eq!(world.wau.open(ben.into()).await.unwrap().waiting.len(), 1);
    says(&regional, "ann", "bad", "x").await;
    let ann = world.who("ann");
    for _ in 0..FAILURES {
        regional.failed(ann.into(), 2, "it panicked".into()).await.unwrap();
    }
    let stuck = regional.stuck(9).await.unwrap();
    let aside = stuck.iter().find_map(|it| match it {
        Stuck::Event { aggregate, id, .. } => Some((*aggregate, *id)),
        Stuck::Effect { .. } | Stuck::Unreadable { .. } => None,
    });
    let (aggregate, id) = aside.unwrap();
    assert_eq!(aggregate, ann.into());
    assert!(regional.revive_event(aggregate, id, now()).await.unwrap());
    world.take_away(WAU, true);
    assert_eq!(regional.overview().await.unwrap().contacts, 4);
    assert_eq!(regional.contacts(false, None, 9).await.unwrap().len(), 4);
    assert!(!regional.revive_effect(effect(ben.into(), 9, Kind::Alert, now()).id, now()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operator_hands_over_reaches_its_person_also_when_their_store_is_away() {
    let world = World::new();
    let regional = world.regional();
    let ben = world.settle(&regional, "ben", WAU).await;
    let erase = |name: &str| Envelope {
        id: EventId::derive("operator", name),
        to: To::Aggregate(ben.into()),
        event: Event::Erase,
        sent: None,
    };
    assert_eq!(regional.hand(vec![erase("1")], audit()).await.unwrap(), 1);
    assert_eq!(regional.hand(vec![erase("1")], audit()).await.unwrap(), 0);
    world.take_away(WAU, true);
    assert_eq!(regional.hand(vec![erase("2")], audit()).await.unwrap(), 1);
    world.take_away(WAU, false);
    regional.look_after().await.unwrap();
    assert_eq!(world.waiting(&regional, ben).await.len(), 2);
    assert_eq!(regional.audits(9).await.unwrap().len(), 3);
    let erased = Commit { erase: true, ..commit(ben.into(), 1, 3) };
    write(&regional, erased).await;
    assert_eq!(regional.catch_up().await.unwrap(), 1, "reports forget what they asked");
}
