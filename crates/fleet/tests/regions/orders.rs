//! Orders of operators: carried out, reported, stopped, undone.

use std::time::Duration;

use answerbot_ports::conformance::region;
use answerbot_ports::regions::{Directory as _, Member as _, Progress, Region, Who};

use super::support::{Halt, JUBA, WAU, World, ids, mid, now, number, order, order_id, says};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_carried_out_reported_and_can_be_stopped() {
    let world = World::new();
    let regional = world.regional();
    for user in ["ann", "ben", "eve"] {
        world.settle(&regional, user, JUBA).await;
    }
    let unknown = regional
        .order_move(order_id("0"), Who::All(region(JUBA)), "nowhere".parse().unwrap(), "ann".into())
        .await;
    assert!(unknown.unwrap_err().to_string().contains("REGION_NOWHERE_URL"));
    let one = Who::Contact(world.who("ann"));
    regional.order_move(order_id("1"), one, Region::main(), "ann".into()).await.unwrap();
    regional.order_move(order_id("2"), Who::All(region(JUBA)), region(WAU), "ann".into()).await.unwrap();
    assert!(regional.stop_order(order_id("2")).await.unwrap());
    regional.carry_out(now().plus(60_000)).await.unwrap();
    assert!(!regional.stop_order(order_id("1")).await.unwrap(), "it is over");
    assert_eq!(world.homes(world.who("ann")).await, ["main"]);
    assert_eq!(world.homes(world.who("ben")).await, [JUBA], "that one was stopped");
    regional.order_move(order_id("3"), Who::All(region(JUBA)), region(WAU), "ann".into()).await.unwrap();
    world.take_away(WAU, true);
    regional.carry_out(now().plus(60_000)).await.unwrap();
    let order = regional.order(order_id("3")).await.unwrap().unwrap();
    assert_eq!((order.progress, order.moved, order.failed), (Progress::Open, 0, 2));
    assert!(!order.note.is_empty());
    world.take_away(WAU, false);
    regional.carry_out(now().plus(60_000)).await.unwrap();
    let order = regional.order(order_id("3")).await.unwrap().unwrap();
    assert_eq!((order.progress, order.moved, order.failed, order.note.as_str()), (Progress::Done, 2, 0, ""));
    assert_eq!(world.juba.residents(None, 9).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_older_than_a_hundred_others_is_carried_out_all_the_same() {
    let world = World::new();
    let regional = world.regional();
    let ann = world.settle(&regional, "ann", "main").await;
    order(&regional, "old", Who::Contact(ann), JUBA).await;
    tokio::time::sleep(Duration::from_millis(2)).await;
    for name in 0..120 {
        order(&regional, &name.to_string(), Who::Contact(ann), WAU).await;
        assert!(regional.stop_order(order_id(&name.to_string())).await.unwrap());
    }
    regional.carry_out(now().plus(60_000)).await.unwrap();
    assert_eq!(world.homes(ann).await, [JUBA]);
    assert_eq!(regional.order(order_id("old")).await.unwrap().unwrap().progress, Progress::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_to_a_store_that_is_away_freezes_nobody() {
    let world = World::new();
    let regional = world.regional();
    let ann = world.settle(&regional, "ann", JUBA).await;
    order(&regional, "1", Who::All(region(JUBA)), WAU).await;
    world.take_away(WAU, true);
    let marks = || world.gates[0].calls.lock().iter().filter(|it| **it == "mark").count();
    let before = marks();
    for _ in 0..3 {
        regional.carry_out(now().plus(60_000)).await.unwrap();
    }
    assert_eq!(marks(), before, "nobody was even marked");
    assert_eq!(number(&says(&regional, "ann", "1", "x").await), 2);
    world.take_away(WAU, false);
    tokio::time::sleep(Duration::from_millis(600)).await;
    regional.look_after().await.unwrap();
    regional.carry_out(now().plus(60_000)).await.unwrap();
    assert_eq!(world.homes(ann).await, [WAU]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_stopped_while_somebody_works_on_it_stays_stopped() {
    let world = World::new();
    let halt = Halt::before("note_order");
    let (worker, operator) = (world.regional_held(&halt), world.regional());
    world.settle(&operator, "ann", JUBA).await;
    order(&operator, "1", Who::All(region(JUBA)), WAU).await;
    let working = async { worker.carry_out(now().plus(60_000)).await.unwrap() };
    let stopping = async {
        halt.reached().await;
        assert!(operator.stop_order(order_id("1")).await.unwrap());
        halt.go_on();
    };
    tokio::join!(working, stopping);
    assert_eq!(operator.order(order_id("1")).await.unwrap().unwrap().progress, Progress::Stopped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_is_undone_for_seven_days_on_the_way_or_behind_it() {
    const DAY: i64 = 24 * 3_600_000;
    let world = World::new();
    let regional = world.regional();
    let ann = world.settle(&regional, "ann", JUBA).await;
    let undo = |name: &'static str, of| {
        let regional = &regional;
        async move {
            let ordered = regional.undo(order_id(name), of, "operator".into()).await.unwrap();
            regional.carry_out(now().plus(60_000)).await.unwrap();
            ordered.is_some()
        }
    };
    // On the way: copied, and not flipped.
    world.copies(ann, JUBA, WAU).await;
    says(&regional, "ann", "1", "x").await;
    assert!(undo("1", ann).await);
    assert_eq!(world.homes(ann).await, [JUBA]);
    assert_eq!(world.place(ann).await.moving_to, None);
    assert_eq!(ids(&world.waiting(&regional, ann).await), [mid("1")]);
    // Behind it: she lived in the main store before.
    assert!(undo("2", ann).await);
    assert_eq!(world.homes(ann).await, ["main"]);
    assert!(undo("3", ann).await, "and that is undone too");
    assert_eq!(world.homes(ann).await, [JUBA]);
    // Who never moved, or moved long ago.
    let ben = world.settle(&regional, "ben", "main").await;
    assert!(!undo("4", ben).await);
    let mark = world.copies(ben, "main", WAU).await;
    world.main.arrive(ben, &mark, None, now().plus(-8 * DAY)).await.unwrap();
    regional.resume().await.unwrap();
    assert!(!undo("5", ben).await);
    assert_eq!(world.homes(ben).await, [WAU]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_stops_does_not_wait_for_a_store_that_hangs() {
    let world = World::new();
    let regional = world.regional();
    let ann = world.settle(&regional, "ann", JUBA).await;
    let halt = Halt::before("unpack");
    let mover = world.regional_held(&halt);
    order(&regional, "1", Who::Contact(ann), WAU).await;
    mover.start();
    halt.reached().await;
    tokio::time::timeout(Duration::from_secs(7), mover.stop()).await.expect("it waits");
    assert_eq!(world.place(ann).await.moving_to, None, "taken back");
    assert_eq!(number(&says(&regional, "ann", "1", "x").await), 2);
}
