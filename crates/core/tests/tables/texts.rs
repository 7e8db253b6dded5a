use answerbot_core::Channel;
use answerbot_core::contact::event::Event;
use answerbot_core::shape::units;
use answerbot_core::texts::{ENGLISH, Texts};

/// Every fixed text, with the longest values that it takes.
fn all(t: &Texts) -> Vec<String> {
    let quote = "q".repeat(80);
    let mut all = vec![
        (t.start)(None),
        (t.start)(Some("https://answerbot.example.org/terms")),
        (t.help)(30, 300, false),
        (t.help)(30, 300, true),
        (t.limit_offer)(30, 300),
        (t.limit_paying)(30),
        (t.remind_before)("Monthly", "30 September 2026"),
        (t.remind_after)("Monthly", "30 September 2026"),
        (t.forget_ask)(None, false),
        (t.forget_ask)(Some("30 September 2026"), true),
        (t.nothing_to_cancel)(None),
        (t.nothing_to_cancel)(Some("30 September 2026")),
        (t.status_payments)(7),
        (t.status_free)(0, 3),
        (t.status_free)(1, 3),
        (t.status_free)(3, 3),
        (t.status_waiting)(1),
        (t.status_waiting)(20),
        (t.region_set)("Malakal"),
        (t.forget_ask)(Some("30 December 2026"), true),
        (t.forget_ask)(None, false),
        (t.pay_gift)(1, "30 December 2026"),
        (t.merged)(Some("30 December 2026")),
        (t.human)(None),
        (t.human)(Some("+211 920 000 000")),
        (t.limit)(3),
        (t.cut_question)(4_000),
        (t.gave_up)(&quote),
        (t.quote)(&quote),
        (t.still_want)(&quote),
    ];
    all.extend(
        [
            t.agree_first,
            t.agreed,
            t.agreed_already,
            t.menu,
            t.paying_soon,
            t.number_not_needed,
            t.region_ask,
            t.region_skipped,
            t.language_ask,
            t.language_set,
            t.no_more,
            t.more_hint,
            t.forget_cancelled,
            t.stopped,
            t.started,
            t.forgotten,
            t.greeting,
            t.welcome,
            t.okay,
            t.nothing,
            t.digits,
            t.pin,
            t.sticker,
            t.image,
            t.voice,
            t.video,
            t.file,
            t.location,
            t.other_media,
            t.last_reply,
            t.too_many_waiting,
            t.overflow,
            t.ai_limit,
            t.apology,
            t.refusal,
            t.dropped,
            t.danger,
            t.number_removed,
            t.link_removed,
        ]
        .map(str::to_string),
    );
    all
}

fn titles(t: &Texts) -> Vec<&'static str> {
    let mut all = vec![t.agree_button, t.more_button, t.no_danger_button, t.plans_button];
    all.extend(t.menu_buttons);
    all.extend(t.region_buttons);
    all.extend(t.language_buttons);
    all.extend(t.forget_buttons);
    all.extend(t.still_want_buttons);
    all
}

#[test]
fn the_start_text_says_what_it_must_in_400_characters() {
    for terms in [None, Some("https://answerbot.example.org/terms")] {
        let text = (ENGLISH.start)(terms);
        assert!(text.chars().count() <= 400, "{} characters", text.chars().count());
        for must in ["automated", "can be wrong", "keep", "delete my data", "I agree"] {
            assert!(text.contains(must), "{must}");
        }
    }
    assert!((ENGLISH.start)(Some("https://x.example/t")).contains("https://x.example/t"));
}

#[test]
fn titles_and_texts_fit_the_channel() {
    let limits = Channel::Messenger.limits();
    for title in titles(&ENGLISH) {
        assert!(title.chars().count() <= limits.title, "{title}");
    }
    for text in all(&ENGLISH) {
        assert!(units(&text) <= limits.button_text, "{text}");
        assert!(!text.is_empty());
    }
}

#[test]
fn no_fixed_text_holds_markdown_or_dashes_of_a_machine() {
    for text in all(&ENGLISH) {
        let without_removed = text.replace("[number removed]", "").replace("[link removed]", "");
        for sign in ["*", "_", "`", "#", "](", "—", "–", "  "] {
            assert!(!without_removed.contains(sign), "{sign:?} in {text}");
        }
    }
}

#[test]
fn a_title_typed_means_its_button_and_nothing_else() {
    use answerbot_core::words::{Said, read};
    for title in titles(&ENGLISH) {
        assert!(!matches!(read(title), Said::Danger | Said::Number | Said::Nothing), "{title}");
    }
    assert_eq!(read(ENGLISH.agree_button), Said::Yes);
}

#[test]
fn every_payload_reads_back() {
    use answerbot_core::contact::message::Tap;
    for payload in
        ["GET_STARTED", "I_AGREE", "MENU", "REGION_JUBA", "LANGUAGE_AUTO", "FORGET_YES", "ASK_AGAIN_NO"]
    {
        assert_eq!(Tap::from_payload(payload).map(Tap::payload), Some(payload.into()));
    }
    assert_eq!(Tap::from_payload("PAY_NOW"), None);
    assert!(Event::Text(String::new()).is_from_person());
}
