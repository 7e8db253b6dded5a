//! What holds whatever happens, in any order: random talks with duplicate and late outcomes.

use answerbot_core::contact::Contact;
use answerbot_core::contact::effect::{Action, Effect, Kind, Reply, Retry};
use answerbot_core::contact::event::{Event, Media, Outcome};
use answerbot_core::contact::message::{Purpose, Tap};
use answerbot_core::decide::Record;
use answerbot_core::pay::payment::{Failure, What};
use answerbot_core::pay::price::Plan;
use answerbot_core::{EventId, Policy, guard, prompt, shape, texts, words};
use proptest::prelude::*;

use crate::talk::{HOUR, MINUTE, SECOND, Talk, failed};

#[derive(Clone, Debug)]
enum Step {
    Says(&'static str, i64),
    Does(Event),
    Hears(u8, What),
    Outcome(Kind, Outcome),
    /// An outcome that came before, once more.
    Again(usize),
    Passes(i64),
    Revives,
}

fn text() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "What is malaria?",
        "tell me",
        "about maize",
        "How is it treated?",
        "yes",
        "no",
        "ok",
        "1",
        "help",
        "menu",
        "status",
        "more",
        "stop",
        "start",
        "cancel",
        "delete my data",
        "human",
        "region",
        "Juba",
        "language",
        "English",
        "hello",
        "thanks",
        "??",
        "0921234567",
        "I want to die",
        "subscribe",
        "ما هي الملاريا؟",
        "Where can I sell a cow in Wau?",
    ])
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        prop::sample::select(vec![
            Tap::Agree,
            Tap::GetStarted,
            Tap::More,
            Tap::Forget,
            Tap::ForgetNot,
            Tap::AskAgain,
            Tap::AskNot,
            Tap::Region,
            Tap::RegionSkip,
            Tap::Language,
            Tap::Human,
            Tap::Status,
            Tap::Subscribe,
        ])
        .prop_map(Event::Tap),
        Just(Event::Digits),
        Just(Event::Media(Media::Voice)),
        Just(Event::Opened),
        Just(Event::Overflow),
        (1_u64..40).prop_map(|n| Event::Unsent(crate::talk::event_id(n))),
        Just(Event::PageEcho { message: EventId::digest("m"), digest: EventId::digest("t") }),
    ]
}

fn retry() -> impl Strategy<Value = Retry> {
    prop_oneof![
        4 => Just(Retry::After(0)),
        1 => Just(Retry::ChannelDown),
        1 => Just(Retry::WindowShut),
        1 => Just(Retry::Gone),
        1 => Just(Retry::Refused),
    ]
}

fn outcome() -> impl Strategy<Value = (Kind, Outcome)> {
    let reply = |text: String| Outcome::Answered(Reply { text, ..Reply::default() });
    prop_oneof![
        3 => prop_oneof![Just("A **short** answer.".to_string()), Just("A sentence. ".repeat(400))]
            .prop_map(move |text| (Kind::Ask, reply(text))),
        2 => retry().prop_map(|retry| (Kind::Ask, failed(retry))),
        5 => (0_u32..1000).prop_map(|n| (Kind::Send, Outcome::Sent(EventId::digest(&n.to_string())))),
        2 => retry().prop_map(|retry| (Kind::Send, failed(retry))),
        1 => Just((Kind::Send, Outcome::Unknown)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (text(), prop_oneof![6 => Just(0), 1 => Just(HOUR), 1 => Just(26 * HOUR)]).prop_map(|(text, age)| Step::Says(text, age)),
        2 => event().prop_map(Step::Does),
        6 => outcome().prop_map(|(kind, outcome)| Step::Outcome(kind, outcome)),
        1 => (0_usize..50).prop_map(Step::Again),
        4 => prop::sample::select(vec![100, SECOND, 7 * SECOND, MINUTE, HOUR, 13 * HOUR, -HOUR]).prop_map(Step::Passes),
        1 => Just(Step::Revives),
    ]
}

/// Units that questions and messages hold, which may not have been settled yet.
fn held(contact: &Contact) -> usize {
    let questions = contact.waiting.iter().chain(contact.asking.iter().map(|it| &it.question));
    questions.filter(|it| it.unit.is_some()).count()
        + contact.retrying.iter().filter(|it| it.question.unit.is_some()).count()
        + contact.outbox.iter().chain(&contact.parked).filter(|it| it.unit.is_some()).count()
        + usize::from(contact.sending.as_ref().is_some_and(|it| it.unit.is_some()))
}

/// What somebody who pays does, and hears of two payments.
fn paying_step() -> impl Strategy<Value = Step> {
    let texts = [
        "weekly",
        "monthly",
        "subscribe",
        "receipt",
        "cancel",
        "yes",
        "0921234567",
        "0991234567",
        "I paid but nothing",
    ];
    let taps = [Tap::PlanIs(Plan::Weekly), Tap::PlanIs(Plan::Monthly), Tap::Pay, Tap::PayOther];
    let granted = || Talk::buyer().granted(Plan::Weekly, false);
    let news = prop::sample::select(vec![
        What::Prompted,
        What::Expired,
        What::Failed(Failure::NoFunds),
        What::Cancelled { prompted: true },
        What::Abandoned,
        What::Review,
        granted(),
        What::Refunded,
    ]);
    prop_oneof![
        4 => step(),
        2 => prop::sample::select(texts.to_vec()).prop_map(|text| Step::Says(text, 0)),
        3 => prop::sample::select(taps.to_vec()).prop_map(|tap| Step::Does(Event::Tap(tap))),
        2 => (0_u8..2, news).prop_map(|(number, what)| Step::Hears(number, what)),
    ]
}

fn run(steps: &[Step], policy: Policy) -> Talk {
    run_in(Talk::agreed_with(policy), steps)
}

fn run_in(mut talk: Talk, steps: &[Step]) -> Talk {
    talk.platform_is_slow();
    let mut past: Vec<(Effect, Outcome)> = Vec::new();
    for step in steps {
        match step {
            Step::Says(text, age) => talk.says_at(text, talk.now.plus(-age)),
            Step::Hears(number, what) => talk.is_told(crate::buying::news(*number, what.clone())),
            Step::Does(event) => talk.event(event.clone()),
            Step::Outcome(kind, outcome) => {
                let due =
                    talk.open.values().find(|it| it.action.kind() == *kind && it.due <= talk.now).cloned();
                if let Some(effect) = due {
                    past.push((effect.clone(), outcome.clone()));
                    talk.learn(&effect, outcome.clone());
                }
            }
            Step::Again(index) => {
                if let Some((effect, outcome)) = past.get(*index).cloned() {
                    talk.learn(&effect, outcome);
                }
            }
            Step::Passes(ms) if *ms < 0 => talk.now = talk.now.plus(*ms),
            Step::Passes(ms) => talk.time_passes(*ms),
            Step::Revives => {
                if let Some((effect, _)) = talk.dead.first().cloned() {
                    talk.event_at(Event::Revive(effect), None);
                }
            }
        }
        holds(&talk);
    }
    talk
}

fn holds(talk: &Talk) {
    let contact = &talk.contact;
    assert!(contact.waiting.is_empty() || contact.asking.is_some(), "a question waits for nothing");
    assert!(contact.outbox.is_empty() || contact.sending.is_some(), "a message waits for nothing");
    let answers = contact.parked.iter().filter(|it| it.purpose == Purpose::Answer);
    assert!(answers.count() <= talk.policy.time.parked_answers);
    assert!(contact.paying.used.used <= talk.policy.quota.paid_per_day);
    assert!(contact.paying.reminded.is_none_or(|it| it.count <= talk.policy.paying.max_reminders));
    assert!(contact.limited.len() <= talk.policy.time.limited_questions);
    assert!(contact.waiting.len() <= talk.policy.limits.waiting_questions);
    assert!(contact.memory.len() <= talk.policy.memory.turns);
    for effect in talk.open.values() {
        if let Action::Send { message, .. } = &effect.action {
            assert!(shape::units(&message.text) <= 1_900 && !message.text.trim().is_empty());
            assert!(message.buttons.len() <= 3 && message.quick_replies.len() <= 13);
            assert!(message.buttons.is_empty() || shape::units(&message.text) <= 640, "{}", message.text);
        }
    }
}

/// The world is well: every open thing comes to its end, within so many steps.
fn comes_to_its_end(talk: &mut Talk, most: usize) {
    for _ in 0..most {
        let Some(effect) = talk.open.values().min_by_key(|it| (it.due, it.id)).cloned() else { break };
        talk.now = talk.now.max(effect.due);
        let outcome = match effect.action {
            Action::Ask(_) => Outcome::Answered(Reply { text: "An answer.".into(), ..Reply::default() }),
            Action::Send { .. } => Outcome::Sent(EventId::digest("sent")),
            _ => Outcome::Done,
        };
        talk.learn(&effect, outcome);
        holds(talk);
    }
}

proptest! {
    #[test]
    fn whatever_happens_on_the_way_to_a_plan_everything_ends_and_one_prompt_is_open(steps in prop::collection::vec(paying_step(), 1..80)) {
        let mut talk = run_in(Talk::buyer(), &steps);
        let open = talk.contact.paying.requests.iter().filter(|it| !it.ended && talk.now.since(it.at).abs() < 6 * MINUTE);
        prop_assert!(open.count() <= 1);
        comes_to_its_end(&mut talk, 600);
        prop_assert!(talk.open.is_empty(), "{:?}", talk.open);
        prop_assert!(talk.contact.sending.is_none() && talk.contact.outbox.is_empty());
    }

    #[test]
    fn whatever_happens_every_question_ends(steps in prop::collection::vec(step(), 1..80)) {
        let steps: Vec<Step> =
            steps.into_iter().filter(|step| !matches!(step, Step::Does(Event::Unsent(_)))).collect();
        let mut talk = run(&steps, Policy::default());
        let erased = talk.count(Record::Forgotten) > 0;
        // Then the world is well again: every open thing comes to its end.
        comes_to_its_end(&mut talk, 400);
        prop_assert!(talk.open.is_empty(), "{:?}", talk.open);
        let contact = &talk.contact;
        prop_assert!(contact.asking.is_none() && contact.waiting.is_empty() && contact.retrying.is_empty());
        prop_assert!(contact.sending.is_none() && contact.outbox.is_empty() && contact.burst.is_none());
        let taken = talk.count(Record::QuestionTaken);
        let ended = talk.count(Record::Answered) + talk.count(Record::Refused) + talk.count(Record::GivenUp);
        prop_assert!(erased || taken == ended, "{taken} taken, {ended} ended");
        prop_assert!(talk.count(Record::Apology) <= taken);
    }

    #[test]
    fn units_taken_are_units_answered(steps in prop::collection::vec(step(), 1..60)) {
        // A day long enough that nothing is given back on another one.
        let steps: Vec<Step> = steps
            .into_iter()
            .filter(|step| !matches!(step, Step::Passes(ms) if ms.abs() >= HOUR))
            .filter(|step| !matches!(step, Step::Does(Event::Tap(Tap::Forget)) | Step::Says("delete my data", _)))
            .filter(|step| !matches!(step, Step::Outcome(_, outcome) if matches!(outcome, Outcome::Unknown)))
            .collect();
        let talk = run(&steps, Policy::default());
        let used = usize::try_from(talk.used()).unwrap_or(usize::MAX);
        // `more` parts and answers after an apology are sent without a unit, so there may be more of them.
        prop_assert!(used <= held(&talk.contact) + talk.count(Record::AnswerSent), "a unit is lost");
        prop_assert!(used >= held(&talk.contact), "a unit is held twice");
    }

    #[test]
    fn unknown_fields_survive(steps in prop::collection::vec(step(), 1..20)) {
        let mut talk = run(&steps, Policy::default());
        let mut state: serde_json::Value = serde_json::from_str(&talk.state()).unwrap();
        state["plan"] = serde_json::json!({"name": "weekly"});
        state["identities"][0]["verified"] = serde_json::json!(true);
        talk.contact = serde_json::from_value(state).unwrap();
        talk.says("What is malaria?");
        let after: serde_json::Value = serde_json::from_str(&talk.state()).unwrap();
        if talk.count(Record::Forgotten) == 0 {
            prop_assert_eq!(&after["plan"]["name"], "weekly");
            prop_assert_eq!(&after["identities"][0]["verified"], true);
        }
    }

    #[test]
    fn any_text_is_heard_and_answered(text in any::<String>(), answer in any::<String>()) {
        let mut talk = Talk::agreed();
        talk.asks(&text);
        if talk.prompt().is_some() {
            talk.ai_answers(&answer);
        }
        let _ = (words::read(&text), words::alone(&text), words::is_only_pin(&text), words::is_complete(&text, 6));
        let _ = (prompt::refers_back(&text), prompt::is_arabic(&text), shape::to_last_sentence(&text));
        let _ = guard::check(&text, &Policy::default().guard, &texts::ENGLISH);
    }

    #[test]
    fn the_guard_leaves_no_number_of_a_phone(digits in "0[0-9]{9}|\\+211[0-9]{9}|\\*[0-9]{3}#", before in "[a-z ]{0,20}", after in "[a-z ]{0,20}") {
        let text = format!("{before} {digits} {after}");
        let checked = guard::check(&text, &Policy::default().guard, &texts::ENGLISH);
        prop_assert!(!checked.text.contains(&digits), "{}", checked.text);
    }

    #[test]
    fn a_policy_survives_its_json(free in 0_u32..100, window in -5_i64..5_000) {
        let mut policy = Policy::default();
        policy.quota.free_per_day = free;
        policy.burst.window_ms = window;
        let back: Policy = serde_json::from_str(&serde_json::to_string(&policy).unwrap()).unwrap();
        prop_assert_eq!(back, policy);
        let misspelt = serde_json::from_str::<Policy>("{\"quota\": {\"fre_per_day\": 3}}");
        prop_assert!(misspelt.is_err());
    }
}
