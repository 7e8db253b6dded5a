//! Keeps the books of a load: which question was sent, acknowledged, asked of the AI and answered, and when.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Latency, LoadPlan, LoadReport};
use crate::ai::question_ids;

/// Examples of faults that a report names.
const EXAMPLES: usize = 20;

/// Times are microseconds since the start of the load.
#[derive(Clone, Debug, Default)]
struct Question {
    scheduled: u64,
    sent: u64,
    acked: Option<u64>,
    answered: Option<u64>,
    /// Hash of the answer's text, to know a repetition.
    answer: u64,
    ai: u32,
}

#[derive(Clone, Debug, Default)]
struct Asker {
    questions: Vec<Question>,
    texts: u32,
    limited: u32,
    apologised: u32,
}

#[derive(Debug)]
pub(super) struct Tally {
    askers: Vec<Asker>,
    limit_words: Vec<String>,
    apology_words: Vec<String>,
    pub(super) ready: u32,
    pub(super) asked: u64,
    pub(super) acked: u64,
    pub(super) answered: u64,
    repeated: u64,
    out_of_order: u64,
    examples: Vec<String>,
}

impl Tally {
    pub(super) fn new(plan: &LoadPlan) -> Self {
        Self {
            askers: vec![Asker::default(); usize::try_from(plan.users).unwrap_or_default()],
            limit_words: plan.limit_words.clone(),
            apology_words: plan.apology_words.clone(),
            ready: 0,
            asked: 0,
            acked: 0,
            answered: 0,
            repeated: 0,
            out_of_order: 0,
            examples: Vec::new(),
        }
    }

    /// How many texts this person got in all.
    pub(super) fn texts(&self, user: usize) -> u32 {
        self.askers.get(user).map_or(0, |asker| asker.texts)
    }

    /// A new question of this person is due; its number.
    pub(super) fn ask(&mut self, user: usize, scheduled: u64, sent: u64) -> usize {
        self.asked += 1;
        let Some(asker) = self.askers.get_mut(user) else { return 0 };
        asker.questions.push(Question { scheduled, sent, ..Question::default() });
        asker.questions.len() - 1
    }

    /// A post of this question was answered 200.
    pub(super) fn ack(&mut self, user: usize, number: usize, now: u64) {
        let question = self.askers.get_mut(user).and_then(|asker| asker.questions.get_mut(number));
        if let Some(question) = question.filter(|question| question.acked.is_none()) {
            question.acked = Some(now);
            self.acked += 1;
        }
    }

    /// An AI was asked this.
    pub(super) fn ai(&mut self, text: &str) {
        for (user, number) in marks(text) {
            if let Some(question) =
                self.askers.get_mut(user).and_then(|asker| asker.questions.get_mut(number))
            {
                question.ai += 1;
            }
        }
    }

    /// The bot sent this person a text.
    pub(super) fn text(&mut self, user: usize, text: &str, now: u64) {
        let Some(asker) = self.askers.get_mut(user) else { return };
        asker.texts += 1;
        let mine: Vec<usize> =
            marks(text).filter(|(owner, _)| *owner == user).map(|(_, number)| number).collect();
        if mine.is_empty() {
            let lower = text.to_lowercase();
            let says = |words: &[String]| words.iter().any(|word| lower.contains(word.as_str()));
            if asker.questions.is_empty() {
                // Terms and greetings may speak of limits too.
            } else if says(&self.limit_words) {
                asker.limited += 1;
            } else if says(&self.apology_words) {
                asker.apologised += 1;
            }
            return;
        }
        let hash = hash(text);
        for number in mine {
            let overtaken = overtaken(&asker.questions, number);
            let Some(question) = asker.questions.get_mut(number) else { continue };
            let fault = if question.answered.is_none() {
                question.answered = Some(now);
                question.answer = hash;
                self.answered += 1;
                self.out_of_order += u64::from(overtaken);
                overtaken.then_some("out of order")
            } else {
                let same = question.answer == hash;
                self.repeated += u64::from(same);
                same.then_some("repeated")
            };
            if let Some(fault) = fault
                && self.examples.len() < EXAMPLES
            {
                self.examples.push(format!("Q-{user}-{number} {fault}"));
            }
        }
    }

    /// Whether every acknowledged question was answered, declined or apologised for.
    pub(super) fn settled(&self) -> bool {
        self.askers.iter().all(|asker| asker.unheard().count() <= asker.told())
    }

    pub(super) fn report(self) -> LoadReport {
        let mut report = LoadReport {
            users: u32::try_from(self.askers.len()).unwrap_or(u32::MAX),
            asked: self.asked,
            acked: self.acked,
            unacked: self.asked - self.acked,
            answered: self.answered,
            repeated: self.repeated,
            out_of_order: self.out_of_order,
            examples: self.examples,
            ai_min: u32::MAX,
            ..LoadReport::default()
        };
        let (mut acks, mut answers) = (Vec::new(), Vec::new());
        for (user, asker) in self.askers.iter().enumerate() {
            let unheard: Vec<usize> = asker.unheard().collect();
            let limited = unheard.len().min(asker.limited as usize);
            let apologised = (unheard.len() - limited).min(asker.apologised as usize);
            let lost = unheard.len() - limited - apologised;
            report.limited += limited as u64;
            report.apologised += apologised as u64;
            report.lost += lost as u64;
            let room = EXAMPLES.saturating_sub(report.examples.len());
            report
                .examples
                .extend(unheard.iter().rev().take(lost.min(room)).map(|n| format!("Q-{user}-{n} lost")));
            for question in &asker.questions {
                acks.extend(question.acked.map(|at| at.saturating_sub(question.scheduled)));
                let Some(at) = question.answered else { continue };
                answers.push(at.saturating_sub(question.scheduled));
                report.ai_min = report.ai_min.min(question.ai);
                report.ai_max = report.ai_max.max(question.ai);
                report.ai_none += u64::from(question.ai == 0);
                report.ai_many += u64::from(question.ai > 1);
            }
        }
        if answers.is_empty() {
            report.ai_min = 0;
        }
        (report.ack, report.answer) = (latency(acks), latency(answers));
        report
    }
}

impl Asker {
    /// Acknowledged, but no answer.
    fn unheard(&self) -> impl Iterator<Item = usize> {
        let unheard = |question: &Question| question.acked.is_some() && question.answered.is_none();
        self.questions.iter().enumerate().filter(move |(_, q)| unheard(q)).map(|(number, _)| number)
    }

    fn told(&self) -> usize {
        (self.limited + self.apologised) as usize
    }
}

/// Whether a later question was answered although it was sent only after this one had been acknowledged. Questions
/// that crossed on the way have no order.
fn overtaken(questions: &[Question], number: usize) -> bool {
    let Some(acked) = questions.get(number).and_then(|question| question.acked) else { return false };
    questions.iter().skip(number + 1).any(|later| later.answered.is_some() && later.sent > acked)
}

/// `(user, number)` of every question mark in a text, each once.
fn marks(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut seen = Vec::new();
    question_ids(text).filter_map(move |id| {
        let (user, number) = id.strip_prefix("Q-")?.split_once('-')?;
        let mark = (user.parse().ok()?, number.parse().ok()?);
        let new = !seen.contains(&mark);
        seen.push(mark);
        new.then_some(mark)
    })
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn latency(mut micros: Vec<u64>) -> Latency {
    micros.sort_unstable();
    let at = |percent: usize| {
        let rank = (micros.len() * percent).div_ceil(100).saturating_sub(1);
        micros.get(rank).map_or(0.0, |&us| f64::from(u32::try_from(us / 10).unwrap_or(u32::MAX)) / 100.0)
    };
    Latency { p50_ms: at(50), p99_ms: at(99), max_ms: at(100) }
}

#[cfg(test)]
mod tests {
    use super::{LoadPlan, Tally, latency};

    fn tally() -> Tally {
        Tally::new(&LoadPlan { users: 2, ..LoadPlan::default() })
    }

    #[test]
    fn an_answered_question_is_not_lost_and_an_unanswered_one_is() {
        let mut tally = tally();
        let (first, second) = (tally.ask(0, 0, 0), tally.ask(0, 10, 10));
        tally.ack(0, first, 5);
        tally.ack(0, second, 15);
        tally.ai("Q-0-0 what?");
        tally.text(0, "About \"Q-0-0 what?\": this", 2_000);
        assert!(!tally.settled());
        let report = tally.report();
        assert_eq!((report.acked, report.answered, report.lost, report.ai_max), (2, 1, 1, 1));
        assert_eq!(report.examples, ["Q-0-1 lost"]);
        assert!(!report.is_sound());
    }

    #[test]
    fn a_limit_notice_covers_one_question() {
        let mut tally = tally();
        tally.text(0, "You have 3 free questions a day. Do you agree?", 0);
        for number in 0..2 {
            tally.ask(0, 0, 0);
            tally.ack(0, number, 1);
        }
        tally.text(0, "You have used your free questions of today.", 5);
        let report = tally.report();
        assert_eq!((report.limited, report.lost), (1, 1));
    }

    #[test]
    fn order_is_broken_only_by_a_question_that_was_sent_after_the_acknowledgement() {
        let mut tally = tally();
        for (number, sent, acked) in [(0, 0, 100), (1, 50, 60), (2, 200, 210)] {
            tally.ask(1, sent, sent);
            tally.ack(1, number, acked);
        }
        tally.text(1, "Q-1-1 crossed the first on its way", 300);
        tally.text(1, "Q-1-0 so this is in order", 301);
        assert_eq!(tally.out_of_order, 0);
        let mut other = self::tally();
        for (number, sent, acked) in [(0, 0, 100), (1, 200, 210)] {
            other.ask(1, sent, sent);
            other.ack(1, number, acked);
        }
        other.text(1, "Q-1-1 overtakes", 300);
        other.text(1, "Q-1-0", 301);
        assert_eq!(other.report().out_of_order, 1);
    }

    #[test]
    fn the_same_answer_twice_is_a_repetition() {
        let mut tally = tally();
        tally.ask(0, 0, 0);
        (0..3).for_each(|at| tally.text(0, "Q-0-0 the same", at));
        assert_eq!(tally.report().repeated, 2);
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let latency = latency((1..=200).map(|n| n * 1_000).collect());
        assert!(
            (latency.p50_ms - 100.0).abs() < 0.01 && (latency.p99_ms - 198.0).abs() < 0.01,
            "{latency:?}"
        );
    }
}
