//! What holds for any text.

use answerbot_core::rail;
use answerbot_core::words::{Said, read};
use proptest::prelude::*;

#[test]
fn what_the_short_list_hears_the_rail_hears_too() {
    for text in [
        "My son was bitten by a snake",
        "SNAKE BITE!!!",
        "she is not breathing; what do I do",
        "I can’t breathe",
        "i want to die",
        "What is wrong, my wife has heavy bleeding",
        "My sister drank poison, explain what to do",
        "لدغني ثعبان",
        "snake has bitten",
        "he took poison",
        "killing myself",
        "end my life",
        "unable to breathe",
        "is unconscious",
        "bleeding too much",
        "pregnant and bleeding",
        "is convulsing",
        "being raped",
        "raped me",
        "انتحار",
        "نزيف حاد",
    ] {
        assert_eq!(read(text), Said::Danger, "{text}");
        assert!(rail::find(text).is_some(), "{text}");
    }
}

#[test]
fn a_lesson_about_danger_is_no_danger() {
    for text in [
        "I want to diet",
        "What is a snake bite?",
        "What are the causes of heavy bleeding?",
        "Define suicide",
        "essay about snakes",
        "causes of convulsions",
        "history of the war",
        "how to treat snake bite in goats",
        "a dog bit my goat on the leg, can I eat the meat",
        "the price of fuel is killing us",
        "my uncle was shot in the war long ago",
        "Is a burn from tea bad?",
    ] {
        assert_eq!(rail::find(text), None, "{text}");
    }
}

#[test]
fn a_person_is_heard_however_it_is_written() {
    for text in [
        "my brother was bitten by snake what is first aid",
        "snakebite",
        "notbreathing",
        "plz help my baby nt brething",
        "she is bleding 2 much n pregnent",
        "HE IS UNCONSCIOUSSSS!!!",
        "My\nson\nis\nnot\nbreathing",
        "my son, he... is not... breathing",
        "ابني لا يتنفّس",
        "لدغني ثُعبان",
        "أريد أن أموت",
        "t3ban 3addi ana, snake bite",
        "mybrotherisbleeding alot",
        "she is un conscious",
        "dabi bit my son",
        "snake adi weled",
        "اخوي مابيتنفس",
        "my frend is convalzing",
    ] {
        assert!(rail::find(text).is_some(), "{text}");
    }
}

#[test]
fn a_long_essay_is_no_cry_for_help_but_a_long_cry_is() {
    let essay =
        "Snakes are common in South Sudan. Farmers are bitten by snakes in the fields each year. ".repeat(8);
    assert_eq!(rail::find(&essay), None);
    let before =
        "We are a family of nine people and we live far away from the town near the river. ".repeat(6);
    let cry = format!("{before} Please help us now, my son was bitten by a snake and he is dying");
    assert!(rail::find(&cry).is_some());
}

proptest! {
    #[test]
    fn no_text_of_any_script_and_length_breaks_it(text in "\\PC{0,900}", times in 1_usize..20) {
        let long = text.repeat(times);
        let _ = rail::find(&long);
        let _ = rail::abuse(&long);
    }

    #[test]
    fn no_mixture_of_its_own_words_breaks_it(
        picks in prop::collection::vec(prop::sample::select(
            vec!["snake", "bite", "my", "not", "breathing", "نزيف", "و", "dom", "'", "3", "\u{200f}", "bleedinggg", "ß", "ßßing", "İ"]), 0..60)
    ) {
        let _ = rail::find(&picks.join(" "));
        let _ = rail::find(&picks.concat());
        let _ = rail::last_resort(&picks.concat());
    }

    #[test]
    fn capital_letters_change_nothing(text in "[a-zA-Z' ]{0,80}", sign in prop::sample::select(
        vec!["snake bite", "I want to die", "my baby is not breathing", "what is rape", "my goat is bleeding"])) {
        let text = format!("{text} {sign}");
        prop_assert_eq!(rail::find(&text.to_lowercase()), rail::find(&text.to_uppercase()));
        prop_assert_eq!(rail::find(&text.to_lowercase()), rail::find(&text));
    }
}
