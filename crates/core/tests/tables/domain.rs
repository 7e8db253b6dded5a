//! How often the subject of a question is guessed right. The list was written before the words were chosen.

use answerbot_core::domain::{self, Domain};

const LABELLED: &str = include_str!("../../testdata/domains.tsv");

fn labelled() -> impl Iterator<Item = (Domain, &'static str)> {
    LABELLED.lines().map(|line| {
        let (label, text) = line.split_once('\t').unwrap();
        (Domain::ALL.into_iter().find(|it| it.name() == label).unwrap(), text)
    })
}

#[test]
fn most_questions_are_put_where_they_belong() {
    let wrong: Vec<_> = labelled()
        .filter_map(|(domain, text)| {
            let guessed = domain::of(text);
            (guessed != domain).then(|| format!("{text}: {} not {}", guessed.name(), domain.name()))
        })
        .collect();
    let all = labelled().count();
    println!("{} of {all} right\n{}", all - wrong.len(), wrong.join("\n"));
    assert!(wrong.len() * 10 <= all, "{} of {all} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn health_is_seldom_taken_for_something_else() {
    let health: Vec<_> = labelled().filter(|(domain, _)| *domain == Domain::Health).collect();
    let missed = health.iter().filter(|(_, text)| domain::of(text) != Domain::Health).count();
    assert!(missed * 10 <= health.len(), "{missed} of {}", health.len());
}

#[test]
fn nothing_known_is_general_and_case_and_marks_do_not_matter() {
    for text in ["", "?!", "xyzzy plugh", "كذا"] {
        assert_eq!(domain::of(text), Domain::General, "{text}");
    }
    assert_eq!(domain::of("WHAT IS MALARIA???"), Domain::Health);
}
