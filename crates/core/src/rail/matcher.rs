//! Judges what was heard: whether a person is in danger.

use alloc::vec::Vec;

use super::heard::{Ear, Heard, Part};
use super::rules::Kind;

/// A longer text is an essay, or a cry for help only when everything says so, in letters.
const LONG: usize = 400;
/// How much must come together: a heavy thing counts two, a light one and a call for help one.
const ENOUGH: usize = 4;
/// When so much is told, it is told of somebody even where school or the past is named.
const MUCH: usize = 5;
/// A message with more words of which we know nothing is likely about something else.
const MOST_STRANGE: usize = 2;
/// How much must be told beside a sign where something is asked that is no call for help.
const TOLD_ASKING: usize = 5;

/// Parts that must all stand close together.
pub(super) type Sign = Vec<Part>;

/// The book, ready to listen.
pub(super) struct Matcher {
    pub ear: Ear,
    pub rules: Vec<Listener>,
    pub abuse: Vec<Vec<Sign>>,
    pub guard: Guard,
}

/// A rule.
pub(super) struct Listener {
    pub sure: Vec<Sign>,
    pub maybe: Vec<Sign>,
    pub heavy: Vec<Part>,
    pub light: Vec<Part>,
    pub not: Option<Part>,
    pub by_animal: bool,
    pub kind: Kind,
}

/// Parts that decide whether somebody is in danger.
pub(super) struct Guard {
    /// School, trade, jokes, and what is over.
    pub calm: Part,
    pub avoid: Part,
    /// Words with which a question begins.
    pub ask: Part,
    /// Words of a question, wherever they stand.
    pub asking: Part,
    pub now: Part,
    /// Calls for help: "now" may also be said of an exam.
    pub urgent: Part,
    pub help: Part,
    pub act: Part,
    pub me: Part,
    pub victim: Part,
    pub kin: Part,
    /// Those of them that name somebody, not only "she".
    pub named: Part,
    pub child: Part,
    pub human: Part,
    pub animal: Part,
    /// Animals that belong to somebody: what bites them is no danger to a person.
    pub livestock: Part,
}

impl Listener {
    /// How much a message tells of what only together is danger.
    fn weight(&self, heard: &Heard) -> usize {
        let count = |parts: &[Part]| parts.iter().filter(|part| heard.has(**part)).count();
        2 * count(&self.heavy) + count(&self.light)
    }
}

impl Matcher {
    /// The first rule, by its place in the book, that hears a person in danger.
    pub fn danger(&self, text: &str) -> Option<usize> {
        let mut heard = self.ear.listen(text);
        if !heard.any {
            return None;
        }
        heard.asks = heard.has(self.guard.asking) || text.contains(['?', '؟']);
        let long = text.chars().nth(LONG).is_some();
        let told = self.rules.iter().position(|rule| {
            if rule.not.is_some_and(|part| heard.has(part)) || self.is_about_an_animal(&heard, rule.by_animal)
            {
                return false;
            }
            let sure = rule.sure.iter().any(|sign| {
                heard.close(sign).is_some_and(|at| {
                    if long { self.is_long_cry(&heard.around(at)) } else { self.is_meant(&heard, rule.kind) }
                })
            });
            sure || (!long
                && !self.is_lesson(&heard)
                && rule.maybe.iter().any(|sign| heard.close(sign).is_some()))
        });
        if long {
            return told;
        }
        match told {
            Some(rule) if self.is_doubtful(&heard) => {
                // A person who wants to die asks in many ways.
                self.rules.get(rule).is_some_and(|it| it.kind == Kind::SelfHarm).then_some(rule)
            }
            Some(rule) => Some(rule),
            None => self.together(&heard),
        }
    }

    /// Whether a sign stands alone in a question, or among words of something else.
    fn is_doubtful(&self, heard: &Heard) -> bool {
        let weight = self.weight(heard);
        (self.wants_to_know(heard) && weight < TOLD_ASKING) || (is_elsewhere(heard) && weight < 3)
    }

    /// Whether something is asked, but neither for help nor what to do.
    fn wants_to_know(&self, heard: &Heard) -> bool {
        let guard = &self.guard;
        let asks = heard.asks || heard.begins(guard.ask) || heard.has(guard.avoid);
        asks && !heard.has(guard.act) && !heard.has(guard.now)
    }

    /// How much is told that is harm or adds to it, in the rule that hears the most.
    fn weight(&self, heard: &Heard) -> usize {
        self.rules.iter().map(|rule| rule.weight(heard)).max().unwrap_or(0)
    }

    /// The first rule of which enough things come together on a person, when no sign says it outright.
    fn together(&self, heard: &Heard) -> Option<usize> {
        let guard = &self.guard;
        if heard.begins(guard.ask) && !heard.has(guard.now) {
            return None;
        }
        let urgent = heard.has(guard.now) || heard.has(guard.act);
        // Who tells of somebody tells of something that happened; who asks anything but what to do wants to know.
        let tells = heard.has(guard.kin) || heard.has(guard.child);
        let named = heard.has(guard.named) || heard.has(guard.child);
        let person = tells || heard.has(guard.human) || heard.has(guard.me);
        let asks = heard.asks && !heard.has(guard.act);
        let other = self.rules.iter().filter_map(|rule| rule.not).any(|part| heard.has(part));
        let doubt = usize::from(is_elsewhere(heard)) + usize::from(!person && heard.asks);
        let enough = |kind| match kind {
            _ if asks => ENOUGH + 1,
            _ if heard.asks && named => ENOUGH - 1,
            _ if heard.asks => ENOUGH,
            Kind::SelfHarm if person && heard.strange == 0 => ENOUGH - 2,
            Kind::SelfHarm if person => ENOUGH - 1,
            _ if named && heard.strange == 0 && !other => ENOUGH - 2,
            // An Arabic verb says who did it.
            _ if tells || heard.arabic => ENOUGH - 1,
            _ => ENOUGH,
        };
        self.rules.iter().position(|rule| {
            rule.heavy.iter().any(|part| heard.has(*part))
                && rule.weight(heard) + usize::from(urgent) >= enough(rule.kind) + doubt
                && !rule.not.is_some_and(|part| heard.has(part))
                && !self.is_about_an_animal(heard, rule.by_animal)
                && self.is_meant(heard, rule.kind)
        })
    }

    /// The first misuse, by its place in the book.
    pub fn abuse(&self, text: &str) -> Option<usize> {
        let heard = self.ear.listen(text);
        if !heard.any {
            return None;
        }
        self.abuse.iter().position(|signs| signs.iter().any(|sign| heard.close(sign).is_some()))
    }

    /// A goat that bleeds is for the answer bot, a woman is not; nor is a goat that a dog bit.
    fn is_about_an_animal(&self, heard: &Heard, by_animal: bool) -> bool {
        let animal = if by_animal { self.guard.livestock } else { self.guard.animal };
        heard.has(animal) && !heard.has(self.guard.human)
    }

    /// Whether a sign that says that something happens is meant so.
    fn is_meant(&self, heard: &Heard, kind: Kind) -> bool {
        let guard = &self.guard;
        if heard.has(guard.calm) {
            let tells = (heard.has(guard.kin) || heard.has(guard.child)) && !heard.asks;
            return self.is_cry(heard) || (tells && self.weight(heard) >= MUCH);
        }
        if heard.has(guard.now) {
            return true;
        }
        let (asks, avoids) = (heard.begins(guard.ask), heard.has(guard.avoid));
        if asks && avoids {
            return false;
        }
        let person = [guard.act, guard.victim, guard.kin].iter().any(|part| heard.has(*part));
        person || !(asks || avoids) || (kind == Kind::SelfHarm && heard.has(guard.me))
    }

    /// Whether a sign that may be a lesson is one.
    fn is_lesson(&self, heard: &Heard) -> bool {
        let guard = &self.guard;
        if heard.has(guard.calm) || heard.has(guard.avoid) {
            return !self.is_cry(heard);
        }
        let person = [guard.now, guard.help, guard.kin, guard.victim, guard.me, guard.act];
        heard.begins(guard.ask) && !person.iter().any(|part| heard.has(*part))
    }

    /// Whether somebody calls for help for a person.
    fn is_cry(&self, heard: &Heard) -> bool {
        let guard = &self.guard;
        heard.has(guard.urgent) && (heard.has(guard.victim) || heard.has(guard.kin))
    }

    /// Whether a long text calls for help around a sign.
    fn is_long_cry(&self, heard: &Heard) -> bool {
        let guard = &self.guard;
        let urgent = heard.has(guard.now) || heard.has(guard.help) || heard.has(guard.act);
        let person = heard.has(guard.victim) || heard.has(guard.kin);
        urgent && person && !heard.has(guard.calm)
    }
}
/// Whether a message is likely about something else.
fn is_elsewhere(heard: &Heard) -> bool {
    heard.strange > MOST_STRANGE.max(heard.words / 5)
}
