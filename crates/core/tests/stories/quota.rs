use answerbot_core::contact::effect::Retry;
use answerbot_core::decide::Record;

use crate::talk::{DAY, HOUR, MINUTE, Talk};

#[test]
fn three_questions_then_a_notice_and_three_again_after_midnight() {
    let mut talk = Talk::agreed();
    for n in 1..=3 {
        talk.gets_an_answer(&format!("What is the number {n}?"));
        assert_eq!(talk.used(), n);
    }
    talk.asks("What is the number 4?");
    assert!(talk.heard().contains("used your 3 free questions"));
    assert_eq!((talk.used(), talk.asked()), (3, None));
    assert_eq!(talk.contact.limited.len(), 1);
    talk.midnight_passes();
    talk.says("status");
    assert!(talk.heard().contains("3 of 3"));
    for n in 1..=3 {
        talk.gets_an_answer(&format!("What is the number {n}?"));
    }
    talk.asks("What is the number 4?");
    assert!(talk.heard().contains("used your 3 free questions"));
}

#[test]
fn commands_media_and_thanks_cost_nothing() {
    let mut talk = Talk::agreed();
    for text in [
        "help",
        "menu",
        "status",
        "region",
        "language",
        "more",
        "human",
        "cancel",
        "stop",
        "start",
        "subscribe",
        "receipt",
        "hi",
        "thanks",
        "yes",
        "0921234567",
        "??",
    ] {
        talk.says(text);
        assert_eq!(talk.heard_count(), 1, "{text}");
    }
    talk.time_passes(MINUTE);
    assert_eq!((talk.used(), talk.asked()), (0, None));
}

#[test]
fn status_counts_down_and_tells_what_waits() {
    let mut talk = Talk::agreed();
    talk.gets_an_answer("What is malaria?");
    talk.says("status");
    assert!(talk.heard().contains("2 of 3"));
    talk.asks("What is cholera?");
    talk.says("status");
    assert!(
        talk.heard().contains("1 of 3") && talk.heard().contains("1 question is still waiting"),
        "{}",
        talk.heard()
    );
}

#[test]
fn the_last_three_questions_over_the_limit_are_kept_a_day() {
    let mut talk = Talk::agreed();
    for n in 1..=3 {
        talk.gets_an_answer(&format!("What is the number {n}?"));
    }
    for n in 4..=8 {
        talk.asks(&format!("What is the number {n}?"));
    }
    let kept: Vec<&str> = talk.contact.limited.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(kept, ["What is the number 6?", "What is the number 7?", "What is the number 8?"]);
    talk.time_passes(DAY + HOUR);
    talk.says("hi");
    assert!(talk.contact.limited.is_empty());
}

#[test]
fn the_unit_belongs_to_the_day_on_which_the_burst_closed() {
    let mut talk = Talk::agreed();
    let day = talk.now.juba_day();
    // Ten seconds before midnight in Juba.
    let to_midnight = DAY - (talk.now.as_millis() + 2 * HOUR).rem_euclid(DAY);
    talk.time_passes(to_midnight - 1_000);
    talk.says("What is malaria?");
    assert_eq!(talk.now.juba_day(), day);
    talk.time_passes(5_000);
    assert_eq!(talk.now.juba_day().0, day.0 + 1);
    assert_eq!(talk.used(), 1);
    assert_eq!(talk.contact.identities[0].free.day, talk.now.juba_day());
}

#[test]
fn a_clock_that_jumps_back_refills_nothing() {
    let mut talk = Talk::agreed();
    for n in 1..=3 {
        talk.gets_an_answer(&format!("What is the number {n}?"));
    }
    talk.now = talk.now.plus(-2 * DAY);
    talk.asks("What is the number 4?");
    assert_eq!(talk.asked(), None);
    assert_eq!(talk.count(Record::LimitNotice), 1);
}

#[test]
fn a_refused_question_gives_its_unit_back() {
    let mut talk = Talk::agreed();
    talk.asks("How do I make a bomb?");
    assert_eq!(talk.used(), 1);
    talk.ai_fails_with(Retry::Refused);
    assert!(talk.heard().contains("cannot help with that"));
    assert_eq!(talk.used(), 0);
    // So does one of which the guard leaves nothing.
    talk.asks("Where do I send it?");
    talk.ai_answers("Send me your PIN.");
    assert!(talk.heard().contains("cannot help with that"));
    assert_eq!((talk.used(), talk.count(Record::Guarded)), (0, 1));
}

#[test]
fn a_unit_of_yesterday_gives_nothing_back_today() {
    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    talk.midnight_passes();
    talk.gets_an_answer_to_the_next("What is cholera?");
    assert_eq!(talk.used(), 1);
}

impl Talk {
    /// The first question is refused, the next one is answered.
    fn gets_an_answer_to_the_next(&mut self, question: &str) {
        self.says(question);
        self.time_passes(7_000);
        self.ai_fails_with(Retry::Refused);
        self.ai_answers("Here is the answer.");
    }
}

#[test]
fn a_question_without_letters_is_none() {
    let mut talk = Talk::agreed();
    talk.asks("??? 👀");
    assert!(talk.heard().contains("in words"));
    assert_eq!(talk.used(), 0);
}
