use answerbot_core::reuse::curated::{Entry, Fault, Shelf, parse};
use answerbot_core::reuse::{Language, SCHEMA};

const SAMPLES: &str = include_str!("../../data/answers.jsonl");

type Change = fn(&mut Entry);

fn entry(id: &str, questions: &[&str], approved_by: Option<&str>) -> Entry {
    Entry {
        id: id.into(),
        questions: questions.iter().map(|it| (*it).to_string()).collect(),
        answer: "Malaria is a disease that mosquitoes carry.".into(),
        language: Language::English,
        source: "WHO fact sheet on malaria".into(),
        checked_on: "2026-11-25".into(),
        approved_by: approved_by.map(str::to_string),
        menu: None,
    }
}

fn line(change: impl Fn(&mut Entry)) -> String {
    let mut entry = entry("malaria", &["What is malaria?"], None);
    change(&mut entry);
    serde_json::to_string(&entry).expect("json")
}

#[test]
fn an_approved_entry_is_found_by_any_of_its_wordings() {
    let shelf = Shelf::new(vec![entry("malaria", &["What is malaria?", "Define malaria"], Some("Achol"))])
        .expect("a shelf");
    for text in ["whats malaria", "hello, WHAT IS MALARIA please", "define malaria."] {
        assert_eq!(shelf.find(Language::English, text).map(|it| it.id.as_str()), Some("malaria"), "{text}");
    }
    assert_eq!(shelf.find(Language::English, "what is cholera"), None);
    assert_eq!(shelf.find(Language::JubaArabic, "what is malaria"), None);
    assert_eq!(shelf.served(), 1);
}

#[test]
fn what_nobody_approved_is_never_served() {
    let shelf = Shelf::new(vec![entry("malaria", &["What is malaria?"], None)]).expect("a shelf");
    assert_eq!(shelf.find(Language::English, "What is malaria?"), None);
    assert_eq!(shelf.served(), 0);
}

#[test]
fn one_question_has_one_answer() {
    let twice = [entry("a", &["What is malaria?"], None), entry("b", &["whats the malaria"], Some("Achol"))];
    let fault = Shelf::new(twice.to_vec()).expect_err("one key");
    insta::assert_snapshot!(fault, @r#""whats the malaria" in "b" is already a question of "a"; each question has one answer"#);
    let same_id = [entry("a", &["What is malaria?"], None), entry("a", &["What is cholera?"], None)];
    assert_eq!(Shelf::new(same_id.to_vec()).expect_err("one id"), Fault::SameId { id: "a".into() });
    assert!(Shelf::new(vec![entry("a", &["What is malaria?", "what is malaria"], None)]).is_ok());
}

#[test]
fn a_fault_in_a_file_names_the_place() {
    assert!(parse(&format!("// ours\n\n{}\n", line(|_| {}))).is_ok());
    insta::assert_snapshot!(parse("\n{\"id\": 5}").expect_err("no entry"), @"line 2 is no entry: invalid type: integer `5`, expected a string at line 1 column 8");
    let unknown = line(|_| {}).replace("\"source\"", "\"sauce\"");
    assert!(matches!(parse(&unknown), Err(Fault::Unreadable { line: 1, .. })));
    let fields: &[(&str, Change)] = &[
        ("id", |it| it.id.clear()),
        ("questions", |it| it.questions.clear()),
        ("questions", |it| it.questions = vec!["?".into()]),
        ("answer", |it| it.answer = " ".into()),
        ("source", |it| it.source.clear()),
        ("checked_on", |it| it.checked_on = "yesterday".into()),
        ("approved_by", |it| it.approved_by = Some(" ".into())),
    ];
    for (field, change) in fields {
        assert_eq!(
            parse(&line(change)),
            Err(Fault::Field { id: if *field == "id" { String::new() } else { "malaria".into() }, field })
        );
    }
}

#[test]
fn a_wording_that_needs_the_talk_is_refused() {
    for question in ["How is it treated?", "my tooth hurts", "call 0921234567 for maize"] {
        let fault = parse(&line(|it| it.questions = vec![question.into()]));
        assert!(matches!(fault, Err(Fault::NotForAll { .. })), "{question}");
    }
    // Doses and the law are what curated answers are for.
    assert!(parse(&line(|it| it.questions = vec!["How do I report a rape?".into()])).is_ok());
}

#[test]
fn the_samples_are_read_and_none_is_served_before_a_person_approved_it() {
    let entries = parse(SAMPLES).expect("samples");
    assert_eq!(entries.len(), 20);
    assert!(entries.iter().all(|it| it.approved_by.is_none() && it.answer.chars().count() <= 700));
    let shelf = Shelf::new(entries).expect("no question twice");
    assert_eq!((shelf.served(), SCHEMA), (0, 1));
}
