//! Every rule does what its own cases say, and its text is one that may be said.

use answerbot_core::contact::Region;
use answerbot_core::rail::{self, Book, Kind};
use answerbot_core::texts::ENGLISH;

fn book() -> Book {
    Book::read(rail::DATA).unwrap_or_else(|fault| panic!("data/rail.json cannot be read: {fault}"))
}

#[test]
fn the_built_in_book_can_be_read_and_a_broken_one_names_the_line() {
    assert!(rail::book().is_some());
    assert!(book().rules.len() >= 26);
    assert!(Book::read("{\n \"note\": 1 }").unwrap_err().contains("line 2"));
}

#[test]
fn every_rule_hears_its_cases_and_leaves_the_others() {
    let mut faults = Vec::new();
    for rule in book().rules {
        for text in &rule.cases.yes {
            match rail::find(text) {
                None => faults.push(format!("{}: not heard: {text}", rule.id)),
                Some(found) if found.rule != rule.id => {
                    faults.push(format!("{}: {} took: {text}", rule.id, found.rule));
                }
                Some(_) => {}
            }
        }
        for text in &rule.cases.no {
            if let Some(found) = rail::find(text) {
                faults.push(format!("{}: false alarm of {}: {text}", rule.id, found.rule));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_rule_has_five_cases_of_each_kind_and_names_its_source() {
    let mut ids = Vec::new();
    for rule in book().rules {
        assert!(rule.cases.yes.len() >= 5, "{}", rule.id);
        assert!(rule.cases.no.len() >= 5, "{}", rule.id);
        assert!(!rule.about.is_empty() && !rule.source.name.is_empty(), "{}", rule.id);
        assert!(rule.source.link.starts_with("https://"), "{}", rule.id);
        assert!(!ids.contains(&rule.id), "{} stands twice", rule.id);
        ids.push(rule.id);
    }
}

#[test]
fn a_text_is_short_begins_with_the_order_to_go_and_holds_no_number_and_no_dose() {
    const DOSES: &[&str] = &[
        " mg",
        " ml",
        "milligram",
        "millilitre",
        "tablet",
        "pill",
        "capsule",
        "paracetamol",
        "aspirin",
        "antibiotic",
        "you have a",
        "diagnos",
    ];
    for rule in book().rules {
        let text = rule.text;
        let length = text.chars().count();
        assert!(length <= 400, "{}: {length}", rule.id);
        assert!(text.starts_with("Go to the nearest hospital or health centre now"), "{}", rule.id);
        assert!(!text.chars().any(char::is_numeric), "{} holds a digit", rule.id);
        let lower = text.to_lowercase();
        for dose in DOSES {
            assert!(!lower.contains(dose), "{} says {dose:?}", rule.id);
        }
        assert!(!text.contains("http") && !text.contains('*'), "{}", rule.id);
    }
}

#[test]
fn a_signed_rule_says_when_it_was_checked() {
    let is_date = |day: &str| {
        let shape: String = day.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        shape == "0000-00-00"
    };
    for rule in book().rules {
        if let Some(name) = rule.reviewed_by {
            assert!(name.trim().len() >= 3, "{}: who signed?", rule.id);
            assert!(rule.checked_on.is_some_and(is_date), "{}: signed but checked_on is no day", rule.id);
        }
    }
}

#[test]
fn doctor_is_told_of_every_rule_that_nobody_signed() {
    let unsigned: Vec<&str> =
        book().rules.iter().filter(|rule| rule.reviewed_by.is_none()).map(|rule| rule.id).collect();
    assert_eq!(rail::unreviewed(), unsigned);
}

#[test]
fn an_unsigned_rule_says_the_general_text_and_the_hospital_of_the_region() {
    let snake = rail::Danger { rule: "snake-bite", kind: Kind::Body, text: None };
    let said = rail::answer(&snake, ENGLISH.danger, Some(Region::Wau));
    assert_eq!(said, format!("{} Near you: Wau Teaching Hospital.", ENGLISH.danger));
    assert_eq!(rail::answer(&snake, ENGLISH.danger, None), ENGLISH.danger);
    assert_eq!(rail::answer(&snake, ENGLISH.danger, Some(Region::Elsewhere)), ENGLISH.danger);
    let signed = rail::Danger { text: Some("Go."), ..snake };
    assert_eq!(
        rail::answer(&signed, ENGLISH.danger, Some(Region::Juba)),
        "Go. Near you: Juba Teaching Hospital."
    );
}

#[test]
fn violence_and_self_harm_are_answered_with_care_and_still_fit_one_message() {
    for (kind, word) in [(Kind::Violence, "not your fault"), (Kind::SelfHarm, "someone you trust")] {
        let said = rail::answer(
            &rail::Danger { rule: "x", kind, text: None },
            ENGLISH.danger,
            Some(Region::Malakal),
        );
        assert!(said.contains(word), "{said}");
        assert!(said.contains("nearest hospital or health centre now"), "{said}");
        assert!(said.chars().count() <= 400 && !said.chars().any(char::is_numeric), "{said}");
    }
}

#[test]
fn misuse_is_told_from_questions() {
    for misuse in book().abuse {
        for text in &misuse.cases.yes {
            assert_eq!(rail::abuse(text), Some(misuse.kind), "{text}");
            assert_eq!(rail::find(text), None, "{text}");
        }
        for text in &misuse.cases.no {
            assert_eq!(rail::abuse(text), None, "{text}");
        }
    }
}

#[test]
fn an_unreadable_book_still_leaves_the_last_resort() {
    for text in ["he was bitten by a snake", "I want to die", "SHE IS NOT BREATHING", "نزيف حاد"] {
        assert!(rail::last_resort(text).is_some(), "{text}");
    }
    assert_eq!(rail::last_resort("How do I plant maize?"), None);
}
