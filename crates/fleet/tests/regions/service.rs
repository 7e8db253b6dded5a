//! The whole engine over several stores: who is asked once is answered once, wherever they live meanwhile.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::event::{Envelope, Event, To};
use answerbot_core::contact::message::Tap;
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payment::{Checked, Event as PaymentEvent, Order as Wish, Status};
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::Plan;
use answerbot_core::pay::price::Selling;
use answerbot_core::{EventId, PaymentId};
use answerbot_engine::{Callbacks as _, Engine, Intake as _, Options, Ports};
use answerbot_fleet::regions::Regional;
use answerbot_fleet::regions::census::Census;
use answerbot_local::{MemoryCache, SharedAnswers};
use answerbot_ports::conformance::{address, commit, region, text, unlimited};
use answerbot_ports::queue::Queue;
use answerbot_ports::regions::{Directory as _, Progress, Region, Who};
use answerbot_ports::reports::Reports as _;
use answerbot_ports::store::{Commit, ContactFacets, Facets, Store};
use answerbot_ports::world::Clock as _;
use tokio::task::JoinSet;

use super::support::{JUBA, WAU, World};
use crate::outside::{Line, Outside, Real};

struct Service {
    engine: Engine,
    outside: Arc<Outside>,
    regional: Arc<Regional>,
}

impl Service {
    fn start(world: &World) -> Self {
        let regional = world.regional();
        let mut policy = unlimited();
        // Not asked again by itself before somebody calls back.
        policy.paying.polls_ms = vec![60_000, 120_000];
        let outside: Arc<Outside> = Arc::default();
        let line =
            Line { outside: Arc::clone(&outside), dead: Arc::default(), deadline: Duration::from_secs(15) };
        let store: Arc<dyn Store> = Arc::clone(&regional) as _;
        let ports = Ports {
            answers: Arc::new(SharedAnswers::new(Arc::clone(&regional) as _, 1_000_000)),
            store,
            queue: Arc::clone(&world.queue) as Arc<dyn Queue>,
            cache: Arc::new(MemoryCache::new(1_000)),
            channels: vec![Arc::new(line.clone())],
            ai: Arc::new(line.clone()),
            alerts: Arc::new(line.clone()),
            clock: Arc::new(line.clone()),
            entropy: Arc::new(Real),
            hash_key: world.main.hash_key(),
            policy: Arc::new(policy),
            payments: Some(Arc::new(line)),
            selling: Selling::Off,
            testers: None,
        };
        let options = Options { sweep_interval: Duration::from_millis(500), ..Options::default() };
        let engine = Engine::new(ports, options);
        engine.start();
        regional.start();
        Self { engine, outside, regional }
    }

    async fn accept(&self, envelope: Envelope) {
        self.engine.accept(vec![envelope]).await.unwrap();
    }

    async fn says(&self, user: &str, mid: &str, event: Event) {
        let id = EventId::derive("messenger", mid);
        self.accept(Envelope { id, to: To::Address(address(user)), event, sent: None }).await;
    }

    async fn agrees(&self, user: &str) {
        self.says(user, &format!("agree-{user}"), Event::Tap(Tap::Agree)).await;
        self.until(user, |texts| texts.iter().any(|it| it.starts_with("Thank you"))).await;
    }

    async fn asks(&self, user: &str, question: &str) {
        self.says(user, &format!("{user} {question}"), Event::Text(question.into())).await;
    }

    async fn until(&self, user: &str, done: impl Fn(&[String]) -> bool) {
        let waited = tokio::time::timeout(Duration::from_secs(30), async {
            while !done(&self.outside.texts_to(user)) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        assert!(waited.await.is_ok(), "{user} has {:?}", self.outside.texts_to(user));
    }

    async fn answered(&self, user: &str, question: &str) {
        self.until(user, |texts| answers(texts, question) > 0).await;
    }

    async fn stop(self) {
        self.engine.stop(Duration::from_secs(5)).await;
        self.regional.stop().await;
    }
}

fn answers(texts: &[String], question: &str) -> usize {
    texts.iter().filter(|it| it.contains(&format!("Answer to {question}."))).count()
}

fn wish(world: &World, user: &str) -> (PaymentId, Envelope) {
    let id = PaymentId::draw([7; 16]);
    let order = Wish {
        contact: world.who(user),
        code: "AB7K-3F9Q".into(),
        external_id: "ab1.x.w.1.1".into(),
        plan: Plan::Weekly,
        days: 7,
        price: Money::whole(3_000, Currency::Ssp),
        version: 1,
        payer: Msisdn::read("0921234567").unwrap(),
        wished: Real.now(),
        test: false,
    };
    let event = Event::Payment(PaymentEvent::Start(order));
    (id, Envelope { id: EventId::digest("wish"), to: To::Aggregate(id.into()), event, sent: None })
}

/// The count once nothing is under way: a text is seen outside before its commit.
async fn quiet(service: &Service) -> Census {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            let census = Census::take(&service.regional).await.unwrap();
            if census.open_effects == 0 && census.waiting == 0 {
                return census;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    waited.await.unwrap()
}

async fn evacuate(service: &Service, name: &str, from: &str, to: Region) {
    let id = EventId::derive("order", name);
    service.regional.order_move(id, Who::All(region(from)), to, "ann".into()).await.unwrap();
    let waited = tokio::time::timeout(Duration::from_mins(3), async {
        while service.regional.order(id).await.unwrap().unwrap().progress == Progress::Open {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(waited.await.is_ok(), "{:?}", service.regional.order(id).await.unwrap());
}

/// People in Juba who say nothing.
async fn crowd(world: &World, service: &Service, people: u64) {
    let users: Vec<String> = (0..people).map(|it| format!("silent{it}")).collect();
    let all: Vec<_> = users.iter().map(|user| world.who(user)).collect();
    for chunk in users.chunks(500) {
        // Not by the webhook: the engine would answer them.
        let texts = chunk.iter().map(|user| text(user, &format!("{user}-0"), "x")).collect();
        world.main.admit(texts, Real.now()).await.unwrap();
        let decided = chunk.iter().map(|user| {
            let facets = ContactFacets { stage: "ready", ..ContactFacets::default() };
            let of = world.who(user).into();
            world.main.commit(Commit { facets: Some(Facets::Contact(facets)), ..commit(of, 0, 1) })
        });
        futures_util::future::join_all(decided).await;
    }
    let tally = service.regional.move_all(&all, &Region::main(), &region(JUBA)).await;
    assert_eq!((tally.moved, tally.note.as_str()), (people, ""));
}

/// A question at the AI and a payment that waits for its payer, while everybody writes and their store is emptied.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_answer_and_one_prompt_although_a_store_is_emptied_meanwhile() {
    one_answer_and_one_prompt(0, 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "long: thirty thousand people"]
async fn one_answer_and_one_prompt_among_thirty_thousand() {
    one_answer_and_one_prompt(30_000, 200).await;
}

async fn one_answer_and_one_prompt(silent: u64, turns: usize) {
    const PEOPLE: usize = 12;
    let world = Arc::new(World::new());
    let service = Arc::new(Service::start(&world));
    let users: Vec<String> = (0..PEOPLE).map(|it| format!("user{it}")).collect();
    for user in std::iter::once("ann").chain(users.iter().map(String::as_str)) {
        service.agrees(user).await;
        let tally = service.regional.move_all(&[world.who(user)], &Region::main(), &region(JUBA)).await;
        assert_eq!((tally.moved, tally.note.as_str()), (1, ""), "{user}");
    }
    crowd(&world, &service, silent).await;
    let (payment, wished) = wish(&world, "ann");
    service.accept(wished).await;
    service.until("ann", |texts| texts.iter().any(|it| it.contains("MTN asks for"))).await;
    // A question is at the AI when the move begins, and comes back when she lives in Wau.
    service.outside.slow_ai(1_500);
    service.asks("ann", "what is malaria exactly?").await;
    let asked = tokio::time::timeout(Duration::from_secs(5), async {
        while service.outside.questions_asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    asked.await.unwrap();
    service.outside.slow_ai(20);
    let mut writers = JoinSet::new();
    for user in users.clone() {
        let service = Arc::clone(&service);
        writers.spawn(async move {
            for turn in 0..turns {
                service.asks(&user, &format!("what is number {turn} of {user}?")).await;
                tokio::time::sleep(Duration::from_millis(60)).await;
            }
        });
    }
    evacuate(&service, "1", JUBA, region(WAU)).await;
    assert_eq!(world.place(world.who("ann")).await.region.name(), WAU);
    writers.join_all().await;
    service.answered("ann", "what is malaria exactly?").await;
    for user in &users {
        for turn in 0..turns {
            service.answered(user, &format!("what is number {turn} of {user}?")).await;
        }
        let texts = service.outside.texts_to(user);
        let order: Vec<usize> = (0..turns)
            .map(|turn| {
                texts.iter().position(|it| it.contains(&format!("number {turn} of {user}?."))).unwrap()
            })
            .collect();
        assert!(order.is_sorted(), "{user}: {texts:?}");
        for turn in 0..turns {
            assert_eq!(answers(&texts, &format!("what is number {turn} of {user}?")), 1, "{user}: {texts:?}");
        }
    }
    assert_eq!(answers(&service.outside.texts_to("ann"), "what is malaria exactly?"), 1);
    // MTN calls back where her payment lives now, and she hears of it once.
    service.outside.momo.lock().1 = Some(Checked::Successful {
        money: Money::whole(3_000, Currency::Ssp),
        payer: Msisdn::read("0921234567"),
        external_id: Some("ab1.x.w.1.1".into()),
        mtn_id: Some("4711".into()),
    });
    service.engine.called_back(Some(payment), b"paid".to_vec(), false).await.unwrap();
    service.until("ann", |texts| texts.iter().any(|it| it.contains("Receipt"))).await;
    assert_eq!(service.outside.momo_posts.lock().len(), 1, "one prompt");
    let opened = world.wau.open(payment.into()).await.unwrap();
    assert_eq!(opened.state.as_payment().unwrap().status, Status::Success);
    service.regional.catch_up().await.unwrap();
    let counts = service.regional.money_counts(Real.now().plus(1)).await.unwrap();
    assert_eq!((counts.successes, counts.grants, counts.captures), (1, 1, 1));
    assert!(counts.unmatched.is_empty() && counts.is_balanced);
    assert_eq!(service.regional.entries(payment).await.unwrap().len(), 1);
    // Quiet now: an evacuation changes nothing at all.
    let before = quiet(&service).await;
    evacuate(&service, "2", WAU, Region::main()).await;
    let after = Census::take(&service.regional).await.unwrap();
    assert_eq!(before.differences(&after), []);
    assert_eq!(before.people(), users.len() as u64 + 1 + silent);
    Arc::try_unwrap(service).ok().unwrap().stop().await;
}

/// While a region is away its people wait, and nobody else; when it is back they are answered in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_region_that_is_away_concerns_its_own_people_only() {
    let world = World::new();
    let service = Service::start(&world);
    for (user, home) in [("ann", JUBA), ("ben", WAU)] {
        service.agrees(user).await;
        service.regional.move_all(&[world.who(user)], &Region::main(), &region(home)).await;
    }
    world.take_away(WAU, true);
    for turn in 0..3 {
        service.asks("ben", &format!("what is ben's number {turn}?")).await;
        service.asks("ann", &format!("what is ann's number {turn}?")).await;
    }
    for turn in 0..3 {
        service.answered("ann", &format!("what is ann's number {turn}?")).await;
    }
    // Long enough for the breaker.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(answers(&service.outside.texts_to("ben"), "what is ben's number 0?"), 0);
    assert_eq!(service.engine.load(), (0, 0), "nobody was rung for what is parked");
    assert_eq!(world.main.parked(world.who("ben"), 9).await.unwrap().len(), 3);
    let back = tokio::time::Instant::now();
    world.take_away(WAU, false);
    for turn in 0..3 {
        service.answered("ben", &format!("what is ben's number {turn}?")).await;
    }
    assert!(back.elapsed() < Duration::from_secs(4), "{:?}", back.elapsed());
    let texts = service.outside.texts_to("ben");
    let order: Vec<usize> = (0..3)
        .map(|turn| texts.iter().position(|it| it.contains(&format!("number {turn}?."))).unwrap())
        .collect();
    assert!(order.is_sorted(), "{texts:?}");
    service.stop().await;
}
