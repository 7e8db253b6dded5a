use answerbot_core::domain::Domain;
use answerbot_core::reuse::{Language, SCHEMA, Scope, gate, key, normal};
use proptest::prelude::*;

use super::pairs::{CROPS, DISEASES, PLACES};

const LANGUAGES: [Language; 3] = [Language::English, Language::Arabic, Language::JubaArabic];

fn english(text: &str) -> String {
    normal(text, Language::English)
}

fn scope() -> Scope<'static> {
    Scope {
        schema: SCHEMA,
        language: Language::English,
        prompt_version: "p1",
        knowledge_version: "k1",
        domain: Domain::Health,
        format: "en/100",
    }
}

#[test]
fn ways_of_writing_one_question_have_one_form() {
    #[rustfmt::skip]
    let table: &[(&str, &[&str])] = &[
        ("what is malaria", &[
            "What is malaria?", "WHAT IS MALARIA", "what's malaria", "whats malaria??", "wat is malaria", "  what  is\nmalaria ...",
            "\"What is malaria?\"", "Hello sir, what is malaria?", "hi,what is malaria", "Please tell me what is malaria",
            "what is malaria please", "what is malaria? Thank you very much!", "What is the malaria", "(what is malaria)",
            "can you tell me what is malaria plz", "good morning, i want to know what is malaria", "What’s ‘malaria’?",
            "ｗhat is malaria？", "what is mal\u{200b}aria",
        ]),
        ("how do i plant 3000 tomato", &["How do I plant three thousand tomatoes?", "how do i plant 3,000 tomatoes", "hw do i plant ٣٠٠٠ tomatoes"]),
        ("can 25 goat share 1 pen", &["Can twenty-five goats share one pen?", "can 25 goats share 1 pen"]),
        ("do not goat eat cassava", &["don't goats eat cassava", "dont goats eat the cassava?"]),
        ("why are you not human", &["why r u not human", "Why are you not a human?"]),
        ("are class 5 pupil able to read", &["are classes 5 pupils able to read", "Are Class five pupil able to read"]),
        ("2503000", &["two million five hundred three thousand"]),
    ];
    for (form, texts) in table {
        for text in *texts {
            assert_eq!(english(text), *form, "{text:?}");
        }
    }
    let arabic = |text| normal(text, Language::Arabic);
    for text in [
        "ما هي الملاريا؟",
        "مَا هِيَ المَلاريا",
        "ما هى الملاريــا",
        "السلام عليكم، ما هي الملاريا من فضلك",
        "ما هي الملاريا شكرا",
    ] {
        assert_eq!(arabic(text), "ما هي الملاريا", "{text}");
    }
    assert_eq!(arabic("أين مدينة ٣٠"), arabic("اين مدينه 30"));
    assert_eq!(normal("Salam, keif nas gi zara dura?", Language::JubaArabic), "keif nas gi zara dura");
}

#[test]
fn what_carries_meaning_stays() {
    #[rustfmt::skip]
    let pairs = [
        ("what does vitamin A do", "what does vitamin do"),
        ("what is hepatitis a", "what is hepatitis"),
        ("when do I use a", "when do I use the"),
        ("when do I use a and an", "when do I use an and the"),
        ("how do I say please", "how do I say thanks"),
        ("hello in Dinka", "please in Dinka"),
        ("there could be life on Mars", "could be life on Mars"),
        ("how can I thank you", "how can I please"),
        ("how do I build a bot", "how do I build a sir"),
        ("what is r programming", "what are programming"),
        ("what is a virus", "what is a viru"),
        ("what is security", "what are securities"),
        ("what is production", "what is product"),
        ("what is 10²", "what is 102"),
        ("what is 1½", "what is 11/2"),
        ("what is .5", "what is 5"),
        ("what is 5!", "what is 5"),
        ("how long is 5'", "how long is 5\""),
        ("(2 + 3) * 4", "2 + (3 * 4)"),
        ("what is #", "what is ##"),
        ("what is C++", "what is C#"),
        ("what is 3.5", "what is 35"),
        ("what is 3,5", "what is 35"),
        ("is twenty, five a list", "is 25 a list"),
        ("who is no one", "who is no 1"),
        ("goats in pens", "goats of pens"),
        ("what is male", "what is female"),
        ("how are cows fed", "how is cow fed"),
        ("can you answer in Chinese", "can I answer in Chinese"),
        ("is he tall", "is she tall"),
        ("does maize grow before sorghum", "does maize grow after sorghum"),
        ("what causes cholera", "what are effects of cholera"),
        ("how to treat cholera", "how to prevent cholera"),
        ("is goat milk clean", "is not goat milk clean"),
        ("ethane to ethene", "ethene to ethane"),
        ("what is accounting", "what is accountability"),
        ("🐐 food", "🐄 food"),
    ];
    for (a, b) in pairs {
        assert_ne!(english(a), english(b), "{a} | {b}");
    }
    let arabic = |text| normal(text, Language::Arabic);
    for (a, b) in [
        ("ما هو المرض", "ما هو مرض"),
        ("هل ينمو", "هل لا ينمو"),
        ("صف ٣", "صف ٤"),
        ("معنى شكرا", "معنى مرحبا"),
    ] {
        assert_ne!(arabic(a), arabic(b), "{a} | {b}");
    }
}

#[test]
fn a_key_changes_with_everything_that_the_answer_depends_on() {
    let at = scope();
    let text = "What is malaria?";
    let first = key(&at, text);
    assert_eq!(first, key(&at, "what is malaria"));
    insta::assert_snapshot!(first, @"88642f17a125d958a09f601b322da30f");
    for other in [
        Scope { schema: 2, ..at },
        Scope { language: Language::JubaArabic, ..at },
        Scope { prompt_version: "p2", ..at },
        Scope { knowledge_version: "k2", ..at },
        Scope { domain: Domain::Academic, ..at },
        Scope { format: "ar/100", ..at },
        Scope { prompt_version: "p1k", knowledge_version: "1", ..at },
    ] {
        assert_ne!(first, key(&other, text), "{other:?}");
    }
    assert_eq!(first.to_hex().len(), 32);
}

#[test]
fn the_words_of_a_question_in_any_dress_are_one_key() {
    // A gate that let a text through in one dress and refused it in another would only lose a hit; the key must hold.
    for text in ["What is malaria?", "How do I store maize?"] {
        assert!(gate(text).is_ok());
        assert_eq!(key(&scope(), text), key(&scope(), &format!("Hello, {} thanks", text.to_uppercase())));
    }
}

fn words(list: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(list)
}

/// A question about one crop, one place and one disease, whose last word is no number.
fn question() -> impl Strategy<Value = (String, [&'static str; 3], u32)> {
    (words(CROPS), words(PLACES), words(DISEASES), 2..5_000_u32).prop_map(|(crop, place, disease, number)| {
        (
            format!("How do {number} farmers near {place} protect {crop} during {disease} outbreaks"),
            [crop, place, disease],
            number,
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_form_of_a_form_is_itself(text in "\\PC{0,60}") {
        for language in LANGUAGES {
            let form = normal(&text, language);
            prop_assert_eq!(&normal(&form, language), &form);
        }
    }

    #[test]
    fn the_form_of_a_form_of_known_words_is_itself(list in prop::collection::vec(prop::sample::select(vec![
        "a", "an", "the", "u", "r", "vitamin", "please", "thanks", "thank", "you", "hi", "sir", "what", "how", "is", "one",
        "twenty", "five", "hundred", "thousand", "classes", "whats", "dont", "tell", "me", "goats,", "\"x\"", "(5)", "5!",
        "plz", "and", "to", "in", "do", "you know", "3,000", "can't", "i", "want to know", "ok", "million", "5", "no",
    ]), 0..12)) {
        let text = list.join(" ");
        let form = english(&text);
        prop_assert_eq!(english(&form), form.clone(), "{}", text);
    }

    #[test]
    fn dress_does_not_change_the_key((text, _, _) in question(), before in prop::sample::select(vec![
        "", "hello ", "Hi, ", "good morning sir, ", "please tell me ", "can you tell me ", "  ", "\"",
    ]), after in prop::sample::select(vec!["", "?", "??", " ?", ".", "!", " please", ", thank you.", " plz?", "\n"]), upper: bool, wide: bool) {
        let mut dressed = format!("{before}{text}{after}");
        if upper {
            dressed = dressed.to_uppercase();
        }
        if wide {
            dressed = dressed.replace(' ', "  ");
        }
        prop_assert_eq!(key(&scope(), &dressed), key(&scope(), &text), "{}", dressed);
    }

    #[test]
    fn another_subject_number_order_or_a_not_is_another_key(
        (text, subjects, number) in question(), other in question(), place in 0..3_usize, swap in 0..3_usize,
    ) {
        let first = key(&scope(), &text);
        if other.1[place] != subjects[place] {
            prop_assert_ne!(first, key(&scope(), &text.replace(subjects[place], other.1[place])));
        }
        if other.2 != number {
            prop_assert_ne!(first, key(&scope(), &text.replace(&number.to_string(), &other.2.to_string())));
        }
        let with = (swap + 1) % 3;
        let swapped = text.replace(subjects[swap], "@").replace(subjects[with], subjects[swap]).replace('@', subjects[with]);
        prop_assert_ne!(first, key(&scope(), &swapped));
        let parts: Vec<&str> = text.split(' ').collect();
        for at in 1..=parts.len() {
            let negated = [&parts[..at], &["not"], &parts[at..]].concat().join(" ");
            prop_assert_ne!(first, key(&scope(), &negated), "{}", negated);
        }
    }

    #[test]
    fn the_gate_takes_any_text(text in "\\PC{0,300}") {
        let _ = gate(&text);
    }
}
