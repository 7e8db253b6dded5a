use answerbot_core::domain;
use answerbot_core::route::{Grade, Tier, grade, tier};
use answerbot_core::spend::Level;

#[test]
fn easy_is_short_and_one_thing_and_hard_is_work() {
    let table = [
        (Grade::Easy, "What is photosynthesis?"),
        (Grade::Easy, "define osmosis"),
        (Grade::Easy, "Who was John Garang?"),
        (Grade::Easy, "How many states does South Sudan have?"),
        (Grade::Easy, "examples of nouns"),
        (Grade::Usual, "How do I plant sorghum?"),
        (Grade::Usual, "Why do leaves turn yellow?"),
        (Grade::Usual, "whatever is good for goats"),
        (Grade::Usual, "What is malaria?"),
        (Grade::Usual, "ما هي عاصمة كينيا؟"),
        (Grade::Usual, "What is inflation and how does it hurt a small shop"),
        (Grade::Hard, "Solve 2x + 5 = 11"),
        (Grade::Hard, "Write a letter to my teacher about school fees"),
        (Grade::Hard, "Compare democracy and monarchy"),
        (Grade::Hard, "What is rain? Where does it come from?"),
        (Grade::Hard, "what is\na noun"),
        (Grade::Hard, "make a business plan for a tea shop"),
        (Grade::Hard, "اكتب رسالة إلى معلمي"),
    ];
    for (expected, text) in table {
        assert_eq!(grade(text, domain::of(text)), expected, "{text}");
    }
    assert_eq!(grade(&"word ".repeat(45), domain::Domain::General), Grade::Hard);
}

#[test]
fn paying_people_and_hard_questions_get_the_better_model_until_money_runs_low() {
    let table = [
        (Grade::Easy, false, Level::Open, Tier::Cheap),
        (Grade::Usual, false, Level::Open, Tier::Usual),
        (Grade::Hard, false, Level::Open, Tier::Better),
        (Grade::Easy, true, Level::Open, Tier::Better),
        (Grade::Usual, true, Level::Open, Tier::Better),
        (Grade::Hard, true, Level::Thrifty, Tier::Cheap),
        (Grade::Usual, false, Level::Thrifty, Tier::Cheap),
    ];
    for (grade, paid, level, expected) in table {
        assert_eq!(tier(grade, paid, level), expected, "{grade:?} {paid} {level:?}");
    }
}
