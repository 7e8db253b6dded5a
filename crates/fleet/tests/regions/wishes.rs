//! People are moved to where they said that they live, as long as no operator says otherwise.

use answerbot_core::ContactId;
use answerbot_core::contact::Region as Chosen;
use answerbot_fleet::regions::Regional;
use answerbot_ports::conformance::region;
use answerbot_ports::regions::{Progress, Region, Who};

use super::support::{JUBA, WAU, World, lives, now, order, order_id};

async fn who_said(world: &World, regional: &Regional, user: &str, home: &str, said: Chosen) -> ContactId {
    let of = world.settle(regional, user, home).await;
    lives(regional, of, said).await;
    of
}

async fn carry_out(regional: &Regional) {
    // A wished order is done when a look finds nobody.
    for _ in 0..2 {
        regional.carry_out(now().plus(60_000)).await.unwrap();
    }
}

async fn fulfilled(regional: &Regional) -> u64 {
    let tally = regional.fulfil_wishes().await.unwrap();
    assert_eq!((tally.failed, tally.note.as_str()), (0, ""));
    tally.moved
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_said_where_they_live_is_moved_there_if_there_is_a_store() {
    let world = World::new();
    let regional = world.regional();
    let ann = who_said(&world, &regional, "ann", "main", Chosen::Juba).await;
    let ben = who_said(&world, &regional, "ben", "main", Chosen::Malakal).await;
    let eve = who_said(&world, &regional, "eve", "main", Chosen::Elsewhere).await;
    let fay = world.settle(&regional, "fay", "main").await;
    assert_eq!(fulfilled(&regional).await, 1);
    assert_eq!(world.homes(ann).await, [JUBA]);
    for of in [ben, eve, fay] {
        assert_eq!(world.homes(of).await, ["main"]);
    }
    assert_eq!(fulfilled(&regional).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_that_was_emptied_is_closed_until_an_order_brings_people_there() {
    let world = World::new();
    let regional = world.regional();
    let ann = who_said(&world, &regional, "ann", JUBA, Chosen::Juba).await;
    let ben = who_said(&world, &regional, "ben", "main", Chosen::Juba).await;
    order(&regional, "out", Who::All(region(JUBA)), WAU).await;
    assert_eq!(fulfilled(&regional).await, 0, "while it is being emptied");
    carry_out(&regional).await;
    assert_eq!(world.homes(ann).await, [WAU]);
    assert_eq!(fulfilled(&regional).await, 0, "and behind it");
    // Orders about many are remembered as long as they matter.
    regional.look_after().await.unwrap();
    answerbot_ports::regions::Directory::forget_places(&*world.main, now().plus(1_000_000)).await.unwrap();
    assert_eq!(regional.closed().await.unwrap(), [region(JUBA)].into());
    // Opened again, those who were moved out come back too.
    order(&regional, "back", Who::Wished, JUBA).await;
    carry_out(&regional).await;
    assert_eq!(regional.order(order_id("back")).await.unwrap().unwrap().progress, Progress::Done);
    for of in [ann, ben] {
        assert_eq!(world.homes(of).await, [JUBA]);
    }
    assert_eq!(regional.closed().await.unwrap(), [].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_order_that_was_not_stopped_says_whether_a_region_is_closed() {
    let world = World::new();
    let regional = world.regional();
    let closed = || async { regional.closed().await.unwrap().into_iter().collect::<Vec<_>>() };
    let (juba, wau) = (region(JUBA), region(WAU));
    let next = || tokio::time::sleep(std::time::Duration::from_millis(2));
    order(&regional, "1", Who::All(juba.clone()), "main").await;
    next().await;
    order(&regional, "2", Who::All(wau.clone()), "main").await;
    assert_eq!(closed().await, [juba.clone(), wau.clone()]);
    next().await;
    order(&regional, "3", Who::All(Region::main()), JUBA).await;
    assert_eq!(closed().await, std::slice::from_ref(&wau), "people are brought there");
    regional.stop_order(order_id("2")).await.unwrap();
    assert_eq!(closed().await, []);
    next().await;
    order(&regional, "4", Who::All(wau.clone()), JUBA).await;
    order(&regional, "5", Who::Contact(world.who("ann")), WAU).await;
    assert_eq!(closed().await, [wau], "one person opens nothing");
    next().await;
    order(&regional, "6", Who::Wished, "main").await;
    assert_eq!(closed().await, [], "everybody where they wished");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_an_operator_moved_elsewhere_stays_there_until_they_say_something_else() {
    let world = World::new();
    let regional = world.regional();
    let ann = who_said(&world, &regional, "ann", JUBA, Chosen::Juba).await;
    order(&regional, "1", Who::Contact(ann), "main").await;
    carry_out(&regional).await;
    assert_eq!(world.homes(ann).await, ["main"]);
    assert_eq!(fulfilled(&regional).await, 0);
    lives(&regional, ann, Chosen::Wau).await;
    assert_eq!(fulfilled(&regional).await, 1);
    lives(&regional, ann, Chosen::Juba).await;
    assert_eq!(fulfilled(&regional).await, 1, "what was overruled once is a wish like any other");
    assert_eq!(world.homes(ann).await, [JUBA]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_to_stay_overrules_too_and_one_to_fulfil_wishes_counts_again() {
    let world = World::new();
    let regional = world.regional();
    let ann = who_said(&world, &regional, "ann", "main", Chosen::Juba).await;
    let ben = who_said(&world, &regional, "ben", "main", Chosen::Wau).await;
    for (name, of) in [("1", ann), ("2", ben)] {
        order(&regional, name, Who::Contact(of), "main").await;
    }
    carry_out(&regional).await;
    assert_eq!(fulfilled(&regional).await, 0);
    order(&regional, "3", Who::Wished, JUBA).await;
    carry_out(&regional).await;
    assert_eq!((world.homes(ann).await, world.homes(ben).await), (vec![JUBA], vec!["main"]));
    order(&regional, "4", Who::Wished, "main").await;
    carry_out(&regional).await;
    assert_eq!(world.homes(ben).await, [WAU]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_a_process_died_of_outranks_the_wish_all_the_same() {
    let world = World::new();
    let regional = world.regional();
    let ann = who_said(&world, &regional, "ann", JUBA, Chosen::Juba).await;
    world.copies(ann, JUBA, WAU).await;
    world.regional().resume().await.unwrap();
    assert_eq!(fulfilled(&regional).await, 0);
    assert_eq!(world.homes(ann).await, [WAU]);
}
