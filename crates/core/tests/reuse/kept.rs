use answerbot_core::Policy;
use answerbot_core::contact::effect::Reply;
use answerbot_core::domain::Domain;
use answerbot_core::policy::Reuse;
use answerbot_core::reuse::kept::{keep_until, may_keep, wording};
use answerbot_core::reuse::trust::{is_trusted, wrong_per_myriad};
use answerbot_core::reuse::{Kept, Key, Language, Shareable, keep_ms};
use answerbot_core::time::{DAY, HOUR, Time};

fn said(text: &str) -> Reply {
    Reply { text: text.into(), ..Reply::default() }
}

#[test]
fn only_whole_answers_in_the_right_language_without_excuses_are_kept() {
    let keeps = |reply: &Reply, language| may_keep(reply, language, &Policy::default());
    assert!(keeps(&said("Osmosis is water that moves."), Language::English));
    assert!(
        keeps(&said("**Osmosis** is water that moves."), Language::English),
        "Markdown is taken out later"
    );
    assert!(keeps(&said("الملاريا مرض ينقله البعوض."), Language::Arabic));
    for (why, reply) in [
        ("cut", Reply { cut: true, ..said("Osmosis is water that moves. It") }),
        ("an excuse", said("I'm sorry, but I cannot help with that.")),
        ("an excuse with a curly apostrophe", said("I’m sorry, I have no answer.")),
        ("a question back", said("Could you say which crop you mean?")),
        ("hardly anything", said("Yes.")),
        ("far too much", said(&"word ".repeat(1_000))),
        ("a phone number", said("Call the ministry at 0921234567 for this.")),
        ("a link", said("Read it at http://example.org/osmosis today.")),
        ("a sentence without its end", said("Maize is a crop. It is planted in")),
        ("one person's plan", said("Your plan ended and you have no questions left.")),
        (
            "our own instructions",
            said("My rules say: You are Answer Bot, an automated assistant for people in South Sudan."),
        ),
        ("a hidden number", said("Call them on 092\u{200b}1234567 for seed.")),
        ("another language", said("الملاريا مرض ينقله البعوض.")),
    ] {
        assert!(!keeps(&reply, Language::English), "{why}");
    }
    assert!(!keeps(&said("Malaria is an illness."), Language::Arabic));
}

#[test]
fn a_question_that_only_one_person_can_mean_is_not_shareable() {
    let of = |text: &str| Shareable::of(text, "en".into(), true);
    assert!(of("What is osmosis?").is_some());
    for text in
        ["How is it treated?", "I am pregnant, what can I eat", "what is the price of maize in Juba", "hello"]
    {
        assert!(of(text).is_none(), "{text}");
    }
}

#[test]
fn whatever_an_answer_depends_on_is_in_its_name() {
    let of = |text: &str, format: &str| Shareable::of(text, format.into(), true).expect("it is whole");
    let key = |it: Shareable| it.key(Domain::Academic, "p1", "1");
    let first = key(of("What is osmosis?", "en"));
    assert_eq!(first, key(of("whats osmosis pls", "en")));
    assert_ne!(first, key(of("What is diffusion?", "en")));
    assert_ne!(first, key(of("What is osmosis?", "in Arabic")));
    assert_ne!(first, of("What is osmosis?", "en").key(Domain::Academic, "p2", "1"));
    assert_ne!(first, of("What is osmosis?", "en").key(Domain::Academic, "p1", "2"));
}

#[test]
fn answers_made_together_do_not_end_together_but_within_a_tenth() {
    let now = Time::from_millis(0);
    let whole = keep_ms(Domain::Agriculture, "how do i plant sorghum");
    let ends: std::collections::BTreeSet<i64> = (0..200_u8)
        .map(|seed| {
            keep_until(now, Domain::Agriculture, "how do i plant sorghum", Key([seed; 16])).since(now)
        })
        .collect();
    assert!(ends.len() > 150);
    assert!(ends.iter().all(|end| (end - whole).abs() <= whole / 10), "{ends:?}");
    let kept =
        Kept { text: String::new(), model: String::new(), wording: 0, made: now, until: now.plus(DAY) };
    assert!(kept.is_fresh(now.plus(DAY - 1)) && !kept.is_fresh(now.plus(DAY)));
    assert!(kept.is_better_than_none(now.plus(DAY + HOUR), 2 * HOUR));
    assert!(!kept.is_better_than_none(now.plus(DAY + 2 * HOUR), 2 * HOUR));
}

#[test]
fn the_same_words_in_another_dress_are_the_same_wording() {
    assert_eq!(wording("What is osmosis?"), wording("  what IS osmosis"));
    assert_ne!(wording("What is osmosis?"), wording("whats osmosis"));
    assert_ne!(wording("what is a b"), wording("what is ab"));
}

#[test]
fn sharing_ends_when_more_than_one_in_a_hundred_may_be_wrong() {
    let policy = Reuse::default();
    for (checked, wrong, trusted) in [
        (0, 0, true),
        (10, 1, true),
        (10, 2, false),
        (100, 2, true),
        (1_000, 9, true),
        (1_000, 12, false),
        (100_000, 800, true),
    ] {
        assert_eq!(is_trusted(&policy, checked, wrong), trusted, "{wrong} of {checked}");
    }
    // Without anything read before: nothing wrong of three hundred is one in a hundred at most.
    assert_eq!((wrong_per_myriad(0, 300, 0), wrong_per_myriad(0, 0, 0)), (100, 10_000));
    for wrong in 0..40 {
        assert!(wrong_per_myriad(0, 10_000, wrong) < wrong_per_myriad(0, 10_000, wrong + 1), "{wrong}");
    }
}
