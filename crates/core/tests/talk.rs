//! A person, the platform, the AI and a clock around `decide`, so that a test reads like a talk.
//!
//! It does what the engine does: gives outcomes back, wakes timers when they are due, keeps dead effects. After
//! every decision it checks what must always hold.

use std::collections::BTreeMap;

use answerbot_core::contact::Contact;
use answerbot_core::contact::effect::{Action, Effect, EffectFault, Hint, Kind, Prompt, Reply, Retry};
use answerbot_core::contact::event::{Envelope, Event, Input, Media, Numbered, Outcome, To};
use answerbot_core::contact::message::{Message, Tap};
use answerbot_core::decide::{Fact, Record};
use answerbot_core::pay::price::{PriceBook, Selling};
use answerbot_core::reuse::curated::Shelf;
use answerbot_core::{Address, Channel, ContactId, Decision, EffectId, EventId, Policy, Rules, Time, decide};

pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// 2026-03-04 08:00 UTC, ten in the morning in Juba.
pub const MORNING: Time = Time::from_millis(1_772_611_200_000);

pub struct Talk {
    pub policy: Policy,
    pub prices: PriceBook,
    pub shelf: Shelf,
    pub selling: Selling,
    pub testers: Option<Vec<String>>,
    pub contact: Contact,
    pub now: Time,
    pub open: BTreeMap<EffectId, Effect>,
    pub dead: Vec<(Effect, String)>,
    pub records: Vec<Record>,
    pub facts: Vec<Fact>,
    pub hints: Vec<Hint>,
    /// What the platform took, oldest first.
    pub got: Vec<Message>,
    /// The talk as a person sees it.
    pub script: String,
    /// Whether the platform takes every message at once.
    accepts: bool,
    since: usize,
    events: u64,
    sends: u64,
}

impl Talk {
    pub fn new() -> Self {
        Self {
            policy: Policy::default(),
            prices: PriceBook::built_in(),
            shelf: Shelf::default(),
            selling: Selling::Off,
            testers: None,
            contact: Contact::default(),
            now: MORNING,
            open: BTreeMap::new(),
            dead: Vec::new(),
            records: Vec::new(),
            facts: Vec::new(),
            hints: Vec::new(),
            got: Vec::new(),
            script: String::new(),
            accepts: true,
            since: 0,
            events: 0,
            sends: 0,
        }
    }

    /// A person who has agreed and was asked about the region.
    pub fn agreed() -> Self {
        Self::agreed_with(Policy::default())
    }

    pub fn agreed_with(policy: Policy) -> Self {
        let mut talk = Self { policy, ..Self::new() };
        talk.says("Hello");
        talk.taps(Tap::Agree);
        talk.contact.region = answerbot_core::contact::RegionChoice::Skipped;
        talk.time_passes(MINUTE);
        talk.script.clear();
        talk
    }

    // What the person does.

    pub fn says(&mut self, text: &str) {
        self.says_at(text, self.now);
    }

    /// As `says`, with the platform's own time.
    pub fn says_at(&mut self, text: &str, said: Time) {
        self.script.push_str(&format!("> {text}\n"));
        self.event_at(Event::Text(text.into()), Some(said));
    }

    /// Asks, and waits until the burst is over.
    pub fn asks(&mut self, text: &str) {
        self.says(text);
        let since = self.since;
        self.time_passes(7 * SECOND);
        self.since = since;
    }

    pub fn taps(&mut self, tap: Tap) {
        self.script.push_str(&format!("> [{}]\n", tap.payload()));
        self.event(Event::Tap(tap));
    }

    pub fn shares(&mut self, media: Media) {
        self.event(Event::Media(media));
    }

    /// The id of the last event.
    pub fn last_event(&self) -> EventId {
        event_id(self.events)
    }

    /// An event in a state that differs from the open effects: a store buried one.
    pub fn event_unchecked(&mut self, event: Event) {
        self.event(event);
    }

    /// Takes the last message back.
    pub fn unsends_the_last(&mut self) {
        let event = event_id(self.events);
        self.event(Event::Unsent(event));
    }

    pub fn event(&mut self, event: Event) {
        self.event_at(event, Some(self.now));
    }

    /// What another aggregate tells.
    pub fn is_told(&mut self, event: Event) {
        self.begin();
        self.events += 1;
        let to = To::Aggregate(identity().into());
        let envelope = Envelope { id: event_id(self.events), to, event, sent: None };
        let numbered = Numbered { number: self.events, arrived: self.now, identity: None, envelope };
        self.decide(&[Input::Envelope(numbered)]);
    }

    pub fn event_at(&mut self, event: Event, sent: Option<Time>) {
        self.begin();
        let numbered = self.numbered(event, sent);
        self.decide(&[Input::Envelope(numbered)]);
    }

    /// Several texts that are decided at once.
    pub fn says_at_once(&mut self, texts: &[&str]) {
        self.begin();
        let inputs: Vec<Input> = texts
            .iter()
            .map(|text| Input::Envelope(self.numbered(Event::Text((*text).into()), Some(self.now))))
            .collect();
        self.decide(&inputs);
    }

    fn numbered(&mut self, event: Event, sent: Option<Time>) -> Numbered {
        self.events += 1;
        let envelope = Envelope { id: event_id(self.events), to: To::Address(address()), event, sent };
        Numbered { number: self.events, arrived: self.now, identity: Some(identity()), envelope }
    }

    // What the platform does.

    /// Takes what is being sent, and from now on everything at once.
    pub fn platform_accepts(&mut self) {
        self.begin();
        self.accepts = true;
        self.deliver();
    }

    /// From now on messages hang until a test says what became of them.
    pub fn platform_is_slow(&mut self) {
        self.accepts = false;
    }

    pub fn platform_times_out(&mut self) {
        self.begin();
        let send = self.sending();
        self.learn(&send, Outcome::Unknown);
    }

    pub fn platform_refuses(&mut self, retry: Retry) {
        self.begin();
        let send = self.sending();
        self.learn(&send, failed(retry));
    }

    /// Takes the one message that is being sent.
    pub fn platform_accepts_one(&mut self) {
        self.begin();
        let send = self.sending();
        self.accept(&send);
    }

    /// The send that is due now.
    pub fn sending(&self) -> Effect {
        self.due(Kind::Send).expect("nothing is being sent")
    }

    // What the AI does.

    pub fn ai_answers(&mut self, text: &str) {
        self.ai_gives(Reply { text: text.into(), ..Reply::default() });
    }

    pub fn ai_gives(&mut self, reply: Reply) {
        self.begin();
        let ask = self.due(Kind::Ask).expect("the AI was not asked");
        self.learn(&ask, Outcome::Answered(reply));
    }

    pub fn ai_fails(&mut self) {
        self.ai_fails_with(Retry::After(0));
    }

    pub fn ai_fails_with(&mut self, retry: Retry) {
        self.begin();
        let ask = self.due(Kind::Ask).expect("the AI was not asked");
        self.learn(&ask, failed(retry));
    }

    /// Fails until the person is told, letting the pauses pass.
    pub fn ai_is_down(&mut self) {
        self.begin();
        let since = self.since;
        for _ in 0..10 {
            let Some(ask) = self.contact.asking.as_ref().map(|asking| self.open[&asking.effect].clone())
            else {
                break;
            };
            self.time_passes(ask.due.since(self.now).max(0) + 100);
            self.learn(&ask, failed(Retry::After(0)));
        }
        self.since = since;
    }

    /// What the AI is asked right now.
    pub fn asked(&self) -> Option<String> {
        self.prompt().map(|prompt| prompt.lines.last().expect("a prompt has lines").content.clone())
    }

    pub fn prompt(&self) -> Option<Prompt> {
        match self.due(Kind::Ask)?.action {
            Action::Ask(prompt) => Some(prompt),
            _ => None,
        }
    }

    // The clock.

    pub fn time_passes(&mut self, ms: i64) {
        self.begin();
        let until = self.now.plus(ms);
        loop {
            let next = self.open.values().filter(|effect| effect.due <= until).filter(|effect| {
                let kind = effect.action.kind();
                kind == Kind::Timer || (kind == Kind::Send && self.accepts)
            });
            let Some(effect) = next.min_by_key(|effect| (effect.due, effect.id)).cloned() else { break };
            self.now = self.now.max(effect.due);
            match effect.action.kind() {
                Kind::Send => self.accept(&effect),
                _ => self.learn(&effect, Outcome::Done),
            }
        }
        self.now = until;
    }

    /// To a second after the next midnight in Juba.
    pub fn midnight_passes(&mut self) {
        let into_the_day = (self.now.as_millis() + 2 * HOUR).rem_euclid(DAY);
        self.time_passes(DAY - into_the_day + SECOND);
    }

    // What was seen.

    /// What the person got since the last thing that happened.
    pub fn heard(&self) -> String {
        self.got[self.since..].iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n---\n")
    }

    pub fn heard_nothing(&self) -> bool {
        self.got.len() == self.since
    }

    /// How many messages the person got since the last thing that happened.
    pub fn heard_count(&self) -> usize {
        self.got.len() - self.since
    }

    /// The last message.
    pub fn last(&self) -> &Message {
        self.got.last().expect("nothing was heard")
    }

    /// How often a text was heard in the whole talk.
    pub fn times(&self, text: &str) -> usize {
        self.got.iter().filter(|message| message.text.contains(text)).count()
    }

    /// Free questions used today.
    pub fn used(&self) -> u32 {
        self.contact.identities.first().map_or(0, |it| it.free.on(self.now.juba_day()))
    }

    pub fn count(&self, record: Record) -> usize {
        self.records.iter().filter(|it| **it == record).count()
    }

    /// One whole question with its answer.
    pub fn gets_an_answer(&mut self, question: &str) {
        self.asks(question);
        self.ai_answers("Here is the answer to that.");
        assert!(self.heard().contains("Here is the answer"), "{}", self.heard());
    }

    pub fn state(&self) -> String {
        serde_json::to_string(&self.contact).expect("a contact is JSON")
    }

    // The machinery.

    pub fn learn(&mut self, effect: &Effect, outcome: Outcome) {
        self.decide(&[Input::Outcome { effect: effect.clone(), outcome }]);
    }

    fn accept(&mut self, effect: &Effect) {
        let Action::Send { message, .. } = &effect.action else { panic!("{effect:?} is no send") };
        self.hears(message.clone());
        self.sends += 1;
        let id = EventId::derive("messenger", &format!("sent {}", self.sends));
        self.learn(effect, Outcome::Sent(id));
    }

    fn hears(&mut self, message: Message) {
        self.script.push_str(&format!("{}\n", message.text));
        let titles =
            message.buttons.iter().chain(&message.quick_replies).map(|button| format!("[{}]", button.title));
        let titles = titles.collect::<Vec<_>>().join(" ");
        if !titles.is_empty() {
            self.script.push_str(&format!("{titles}\n"));
        }
        self.script.push('\n');
        self.got.push(message);
    }

    fn begin(&mut self) {
        self.since = self.got.len();
    }

    fn due(&self, kind: Kind) -> Option<Effect> {
        let due = self.open.values().filter(|effect| effect.action.kind() == kind && effect.due <= self.now);
        due.min_by_key(|effect| (effect.due, effect.id)).cloned()
    }

    fn deliver(&mut self) {
        while self.accepts {
            let Some(send) = self.due(Kind::Send) else { return };
            self.accept(&send);
        }
    }

    pub fn decide(&mut self, inputs: &[Input]) {
        let seed = [7; 16];
        let before = self.contact.clone();
        let decision = decide(self.rules(), identity(), before.clone(), inputs, self.now, seed);
        assert_eq!(
            decision,
            decide(self.rules(), identity(), before, inputs, self.now, seed),
            "not deterministic"
        );
        self.apply(decision);
        self.check();
        self.deliver();
    }

    pub fn rules(&self) -> Rules<'_> {
        Rules {
            policy: &self.policy,
            prices: &self.prices,
            selling: self.selling,
            testers: self.testers.as_deref(),
            shelf: &self.shelf,
        }
    }

    fn apply(&mut self, decision: Decision) {
        self.facts.extend(decision.facts);
        if decision.erase {
            self.open.clear();
            self.dead.clear();
        }
        for id in &decision.settled {
            self.open.remove(id);
            self.dead.retain(|(effect, _)| effect.id != *id);
        }
        for effect in decision.open {
            self.open.insert(effect.id, effect);
        }
        for (effect, reason) in decision.dead {
            self.open.remove(&effect.id);
            self.dead.retain(|(known, _)| known.id != effect.id);
            self.dead.push((effect, reason));
        }
        self.records.extend(decision.records);
        self.hints.extend(decision.hints);
        self.contact = decision.state;
    }

    /// What holds after every decision.
    fn check(&self) {
        let of = |kind: Kind| self.open.values().filter(move |effect| effect.action.kind() == kind);
        assert!(of(Kind::Send).count() <= 1, "more than one send is open");
        assert_eq!(of(Kind::Send).next().map(|it| it.id), self.contact.sending.as_ref().map(|it| it.effect));
        let mut asks: Vec<EffectId> =
            self.contact.asking.iter().chain(&self.contact.retrying).map(|it| it.effect).collect();
        asks.sort();
        let open: Vec<EffectId> = of(Kind::Ask).map(|it| it.id).collect();
        assert_eq!(open, asks, "the state and the open asks differ");
        assert_eq!(of(Kind::Timer).next().map(|it| it.id), self.contact.burst_timer.map(|it| it.effect));
        assert_eq!(self.contact.burst.is_some(), self.contact.burst_timer.is_some(), "a burst has its timer");
        for identity in &self.contact.identities {
            assert!(identity.free.used <= self.policy.quota.free_per_day, "the quota is exceeded");
        }
        let back: Contact = serde_json::from_str(&self.state()).expect("the state reads back");
        assert_eq!(back, self.contact, "the state survives its JSON");
    }
}

pub fn failed(retry: Retry) -> Outcome {
    Outcome::Failed(EffectFault { retry, alert: false, reason: "http 503".into() })
}

pub fn address() -> Address {
    Address { channel: Channel::Messenger, page: "1".into(), user: "2".into() }
}

pub fn identity() -> ContactId {
    ContactId::from_bytes([9; 16])
}

pub fn event_id(number: u64) -> EventId {
    EventId::derive("messenger", &format!("m{number}"))
}
