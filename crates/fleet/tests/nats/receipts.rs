//! What becomes of a ring that is served, dropped, sent twice, or read by somebody who cannot read it.

use std::collections::HashSet;
use std::time::Duration;

use answerbot_core::contact::event::Numbered;
use answerbot_fleet::nats::NatsQueue;
use answerbot_ports::queue::{Queue as _, Ring};
use tokio::time::Instant;

use super::server::{Server, codec, contact, look, next, process, ring, said, silence, until};

#[tokio::test]
async fn a_served_ring_does_not_come_again_and_a_dropped_one_comes_to_another_process() {
    let Some(server) = Server::any() else { return };
    let settings = server.settings();
    let (here, there) = (process(&settings).await, process(&settings).await);
    here.ring(ring(1, 1)).await.unwrap();
    next(&here).await.receipt.served();
    here.ring(ring(2, 1)).await.unwrap();
    let dropped = next(&here).await;
    assert_eq!(dropped.ring, ring(2, 1));
    drop(dropped);
    let began = Instant::now();
    let again = next(&there).await;
    assert_eq!(again.ring, look(2), "what went wrong once is looked up in the store");
    assert!(began.elapsed() > Duration::from_secs(4), "after {:?}: not at once", began.elapsed());
    again.receipt.served();
    silence(&there, Duration::from_secs(7)).await;
    until("nothing is left", || here.depth() == 0 && there.depth() == 0).await;
    let mut stream = server.client().await.get_stream(&settings.stream).await.unwrap();
    assert_eq!(stream.info().await.unwrap().state.messages, 0);
}

#[tokio::test]
async fn a_ring_of_a_hot_contact_answers_for_those_that_found_no_room() {
    let Some(server) = Server::any() else { return };
    let settings = server.settings();
    let (here, there) = (process(&settings).await, process(&settings).await);
    for number in 1..=12 {
        here.ring(ring(1, number)).await.unwrap();
    }
    let mut rung = Vec::new();
    for _ in 0..12 {
        rung.push(next(&here).await);
    }
    let mut stream = server.client().await.get_stream(&settings.stream).await.unwrap();
    // Eight were in hand; the commit that served them took none of the later ones.
    let later = rung.split_off(8);
    for it in rung {
        it.receipt.served();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(stream.info().await.unwrap().state.messages, 1, "should this process die now");
    let mut later = later.into_iter();
    drop(later.next());
    let again = next(&there).await;
    assert_eq!(again.ring, look(1), "one of them was not served");
    again.receipt.served();
    for it in later {
        it.receipt.served();
    }
    until("nothing is left", || here.depth() == 0 && there.depth() == 0).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(stream.info().await.unwrap().state.messages, 0);
}

#[tokio::test]
async fn a_process_that_closes_gives_its_rings_back_at_once() {
    let Some(server) = Server::any() else { return };
    let settings = server.settings();
    let (here, there) = (process(&settings).await, process(&settings).await);
    for number in 1..=10 {
        here.ring(ring(number, 1)).await.unwrap();
    }
    let held = [next(&here).await, next(&here).await];
    until("more was pulled than was taken", || here.depth() >= 8).await;
    let began = Instant::now();
    here.close().await;
    assert!(began.elapsed() < Duration::from_secs(2), "closing took {:?}", began.elapsed());
    let [served, dropped] = held;
    served.receipt.served();
    drop(dropped);
    here.close().await;
    let mut contacts = HashSet::new();
    while contacts.len() < 9 {
        let rung = next(&there).await;
        contacts.insert(rung.ring.aggregate);
        rung.receipt.served();
    }
    assert!(!contacts.contains(&contact(1).into()), "it was served");
    assert!(began.elapsed() < Duration::from_secs(4), "they came after {:?}", began.elapsed());
}

/// The engine stops taking and nobody closes the queue.
#[tokio::test]
async fn rings_that_nobody_here_waits_for_go_to_another_process() {
    let Some(server) = Server::any() else { return };
    let settings = server.settings();
    let (here, there) = (process(&settings).await, process(&settings).await);
    for number in 1..=10 {
        here.ring(ring(number, 1)).await.unwrap();
    }
    next(&here).await.receipt.served();
    until("more was pulled than was taken", || here.depth() >= 9).await;
    let began = Instant::now();
    for _ in 0..9 {
        next(&there).await.receipt.served();
    }
    assert!(began.elapsed() < Duration::from_secs(5), "they came after {:?}", began.elapsed());
}

/// As a web role does.
#[tokio::test]
async fn a_process_that_only_rings_takes_nothing() {
    let Some(server) = Server::any() else { return };
    let settings = server.settings();
    let (web, worker) = (process(&settings).await, process(&settings).await);
    for number in 1..=50 {
        web.ring(ring(number, 1)).await.unwrap();
    }
    for number in 1..=50 {
        let rung = next(&worker).await;
        assert_eq!(rung.ring, ring(number, 1));
        rung.receipt.served();
    }
}

#[tokio::test]
async fn the_same_ring_twice_is_one_and_a_later_one_is_another() {
    let Some(server) = Server::any() else { return };
    let queue = process(&server.settings()).await;
    for ring in [ring(1, 1), ring(1, 1), ring(1, 2), ring(1, 1), ring(2, 1), look(1), look(1)] {
        queue.ring(ring).await.unwrap();
    }
    for expected in [ring(1, 1), ring(1, 2), ring(2, 1), look(1), look(1)] {
        let rung = next(&queue).await;
        assert_eq!(rung.ring, expected);
        rung.receipt.served();
    }
    queue.ring(ring(1, 1)).await.unwrap();
    queue.ring(ring(1, 3)).await.unwrap();
    let rung = next(&queue).await;
    assert_eq!(rung.ring, ring(1, 3), "a served one is known as well");
    rung.receipt.served();
    silence(&queue, Duration::from_millis(300)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_rings_and_each_ring_comes_once() {
    const RINGS: u64 = 500;
    let Some(server) = Server::any() else { return };
    let settings = server.settings();
    let (web, one, two) = (process(&settings).await, process(&settings).await, process(&settings).await);
    let take = async |queue: &NatsQueue| {
        let mut taken = Vec::new();
        while let Ok(rung) = tokio::time::timeout(Duration::from_secs(3), queue.next()).await {
            taken.push(rung.ring.aggregate);
            // A commit.
            tokio::time::sleep(Duration::from_millis(1)).await;
            rung.receipt.served();
        }
        taken
    };
    let put = async {
        for number in 0..RINGS {
            web.ring(ring(number, 1)).await.unwrap();
        }
    };
    let ((), by_one, by_two) = tokio::join!(put, take(&one), take(&two));
    assert!(by_one.len() > 50 && by_two.len() > 50, "{} and {}", by_one.len(), by_two.len());
    let different: HashSet<_> = by_one.iter().chain(&by_two).collect();
    assert_eq!((different.len(), by_one.len() + by_two.len()), (500, 500), "each once");
}

#[tokio::test]
async fn what_cannot_be_read_here_is_a_ring_to_look_and_never_lost() {
    let Some(server) = Server::any() else { return };
    let settings = server.settings();
    let here = process(&settings).await;
    let other_key = NatsQueue::connect(settings.clone(), codec(2)).await.unwrap();
    other_key.ring(ring(1, 1)).await.unwrap();
    here.ring(said(2, 1, &"long ".repeat(5000))).await.unwrap();
    let many: Vec<Numbered> = (1..=3).flat_map(|number| ring(3, number).envelopes).collect();
    let many = Ring { aggregate: contact(3).into(), envelopes: many };
    here.ring(many.clone()).await.unwrap();
    for expected in [look(1), look(2), many] {
        let rung = next(&here).await;
        assert_eq!(rung.ring, expected);
        rung.receipt.served();
    }
    // Of a release that knows another kind of aggregate: somebody else may know it, and nobody is held up.
    let context = server.client().await;
    let subject = format!("{}.other", settings.subjects);
    context.publish(subject, vec![b'x'; 40].into()).await.unwrap().await.unwrap();
    here.ring(ring(4, 1)).await.unwrap();
    let rung = next(&here).await;
    assert_eq!(rung.ring, ring(4, 1));
    rung.receipt.served();
}

#[tokio::test]
async fn no_text_of_a_person_is_in_the_stream() {
    let Some(server) = Server::any() else { return };
    let settings = server.settings();
    let queue = process(&settings).await;
    queue.ring(said(1, 1, "MARKER-my-secret-question")).await.unwrap();
    let stream = server.client().await.get_stream(&settings.stream).await.unwrap();
    let raw = stream.get_raw_message(1).await.unwrap();
    assert!(raw.payload.len() > 100, "the envelope is in it");
    let all = [raw.payload.as_ref(), format!("{:?}{}", raw.headers, raw.subject).as_bytes()].concat();
    for secret in ["MARKER", "question", "ann", "messenger"] {
        let found = all.windows(secret.len()).any(|it| it == secret.as_bytes());
        assert!(!found, "{secret} is in {}", String::from_utf8_lossy(&all));
    }
    let rung = next(&queue).await;
    assert_eq!(rung.ring, said(1, 1, "MARKER-my-secret-question"), "and it comes out");
    rung.receipt.served();
}
