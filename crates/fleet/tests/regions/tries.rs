//! Two processes move somebody at once, because one of them was slow: whoever lost does no harm.

use answerbot_core::ContactId;
use answerbot_fleet::regions::Regional;
use answerbot_ports::conformance::{attempt, mark, region};
use answerbot_ports::regions::{Directory as _, Member as _, Who};
use answerbot_ports::store::Store as _;

use super::support::{Halt, JUBA, WAU, World, ids, mid, now, number, order, order_id, says};

/// Ann in Juba, with a message that waits.
async fn ann(world: &World, regional: &Regional) -> ContactId {
    let of = world.settle(regional, "ann", JUBA).await;
    says(regional, "ann", "1", "x").await;
    of
}

/// She lives there alone, unmarked, with all she had, and goes on.
async fn lives_whole_in(world: &World, regional: &Regional, of: ContactId, home: &str) {
    assert_eq!(world.homes(of).await, [home]);
    let place = world.place(of).await;
    assert_eq!((place.region.name(), place.moving_to), (home, None));
    assert_eq!(ids(&world.waiting(regional, of).await), [mid("1")]);
    assert_eq!(number(&says(regional, "ann", "2", "x").await), 3);
    assert_eq!(world.store(home).frozen(None, 9).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_freeze_that_comes_after_the_move_was_taken_back_keeps_nobody() {
    let world = World::new();
    let regional = world.regional();
    let of = ann(&world, &regional).await;
    let halt = Halt::before("freeze");
    let slow = world.regional_held(&halt);
    let moving = async { slow.move_all(&[of], &region(JUBA), &region(WAU)).await };
    let meanwhile = async {
        halt.reached().await;
        regional.undo(order_id("1"), of, "operator".into()).await.unwrap();
        regional.carry_out(now().plus(60_000)).await.unwrap();
        assert_eq!(world.place(of).await.moving_to, None, "taken back");
        halt.go_on();
    };
    let (tally, ()) = tokio::join!(moving, meanwhile);
    assert_eq!((tally.moved, tally.failed), (0, 1));
    lives_whole_in(&world, &regional, of, JUBA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_lost_the_move_cannot_let_a_later_one_arrive() {
    let world = World::new();
    let regional = world.regional();
    let of = ann(&world, &regional).await;
    let halt = Halt::before("arrive");
    let slow = world.regional_held(&halt);
    let moving = async { slow.move_all(&[of], &region(JUBA), &region(WAU)).await };
    let meanwhile = async {
        halt.reached().await;
        // Taken back, and the copy in Wau is buried.
        regional.undo(order_id("1"), of, "operator".into()).await.unwrap();
        regional.carry_out(now().plus(60_000)).await.unwrap();
        assert_eq!(world.homes(of).await, [JUBA]);
        // The open order marks and freezes her again, for the same region.
        let again = mark(&region(WAU), 9);
        assert!(world.main.mark(of, &region(JUBA), None, Some(&again)).await.unwrap());
        assert!(world.juba.freeze(of.into(), attempt(9)).await.unwrap());
        halt.go_on();
    };
    let (tally, ()) = tokio::join!(moving, meanwhile);
    assert_eq!((tally.moved, tally.failed), (0, 1), "{}", tally.note);
    assert_eq!(world.place(of).await.moving_to, Some(mark(&region(WAU), 9)), "that one goes on");
    assert_eq!(world.juba.frozen_by(of.into()).await.unwrap(), Some(attempt(9)));
    regional.resume().await.unwrap();
    lives_whole_in(&world, &regional, of, WAU).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_another_process_took_over_and_ended_is_left_alone() {
    for call in ["freeze", "pack", "unpack", "arrive", "thaw", "bury"] {
        let world = World::new();
        let regional = world.regional();
        let of = ann(&world, &regional).await;
        let halt = Halt::before(call);
        let slow = world.regional_held(&halt);
        let moving = async { slow.move_all(&[of], &region(JUBA), &region(WAU)).await };
        let meanwhile = async {
            halt.reached().await;
            regional.resume().await.unwrap();
            assert_eq!(world.place(of).await.region.name(), WAU, "{call}");
            // And back, so that the slow one finds her where it left her.
            order(&regional, "back", Who::Contact(of), JUBA).await;
            regional.carry_out(now().plus(60_000)).await.unwrap();
            assert_eq!(world.homes(of).await, [JUBA], "{call}");
            halt.go_on();
        };
        tokio::join!(moving, meanwhile);
        regional.put_right_everywhere(now().plus(60_000)).await;
        lives_whole_in(&world, &regional, of, JUBA).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_was_left_is_buried_by_any_process_wherever_it_is() {
    for (from, to) in [(JUBA, WAU), ("main", JUBA)] {
        let world = World::new();
        let regional = world.regional();
        let of = world.settle(&regional, "ann", from).await;
        says(&regional, "ann", "1", "x").await;
        let it = world.copies(of, from, to).await;
        world.main.arrive(of, &it, None, now()).await.unwrap();
        world.store(to).thaw(of.into(), it.attempt).await.unwrap();
        world.main.mark(of, &region(to), Some(&it), None).await.unwrap();
        assert_eq!(world.homes(of).await.len(), 2, "its store was away when she left");
        world.regional().put_right_everywhere(now().plus(60_000)).await;
        lives_whole_in(&world, &regional, of, to).await;
        assert_eq!(world.store(from).frozen(None, 9).await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_frozen_without_a_mark_is_thawed_and_whoever_is_marked_is_left_alone() {
    let world = World::new();
    let regional = world.regional();
    let of = ann(&world, &regional).await;
    let ben = world.settle(&regional, "ben", JUBA).await;
    world.juba.freeze(of.into(), attempt(7)).await.unwrap();
    let it = world.copies(ben, JUBA, WAU).await;
    regional.put_right_everywhere(now().plus(60_000)).await;
    assert_eq!(world.juba.frozen(None, 9).await.unwrap(), [(ben.into(), it.attempt)]);
    assert_eq!(world.place(ben).await.moving_to, Some(it));
    regional.resume().await.unwrap();
    lives_whole_in(&world, &regional, of, JUBA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_buried_whose_person_does_not_live_where_they_should() {
    let world = World::new();
    let regional = world.regional();
    let of = ann(&world, &regional).await;
    let it = world.copies(of, JUBA, WAU).await;
    world.main.arrive(of, &it, None, now()).await.unwrap();
    // The copy is gone, however that came.
    world.wau.bury(of.into(), it.attempt).await.unwrap();
    regional.resume().await.unwrap();
    regional.put_right_everywhere(now().plus(60_000)).await;
    let left = world.juba.pack(of.into(), it.attempt).await.unwrap().unwrap();
    assert_eq!(left.envelopes.len(), 1, "what is left of her is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_to_a_store_that_has_no_setting_any_more_is_taken_back() {
    let world = World::new();
    let regional = world.regional();
    let of = ann(&world, &regional).await;
    let by = world.marks(of, JUBA, "malakal").await.attempt;
    world.juba.freeze(of.into(), by).await.unwrap();
    assert!(regional.open(of.into()).await.is_err());
    let tally = world.regional().resume().await.unwrap();
    assert!(tally.note.contains("REGION_MALAKAL_URL"), "{}", tally.note);
    lives_whole_in(&world, &regional, of, JUBA).await;
}
