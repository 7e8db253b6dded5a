//! What the rail hears in whole files of messages: how much danger, how many false alarms.

use answerbot_core::{rail, words};

const DANGER: &str = include_str!("../../testdata/danger.txt");
const HOLDOUT: &str = include_str!("../../testdata/danger-holdout.txt");
const EVERYDAY: &str = include_str!("../../testdata/everyday.txt");

fn lines(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// How many messages of danger are heard, in per mille; prints what is missed and what another rule took.
fn heard(name: &str, file: &'static str) -> usize {
    let (mut all, mut heard, mut right) = (0, 0, 0);
    for line in lines(file) {
        let (rule, text) = line.split_once(" | ").unwrap();
        all += 1;
        match rail::find(text) {
            None => println!("{name}: missed {rule}: {text}"),
            Some(found) => {
                heard += 1;
                let is_right = rule == "any" || found.rule == rule;
                right += usize::from(is_right);
                if !is_right {
                    println!("{name}: {rule} taken by {}: {text}", found.rule);
                }
            }
        }
    }
    println!("{name}: {heard} of {all} heard, {right} by their own rule");
    assert!(all >= 100);
    heard * 1000 / all
}

#[test]
fn of_the_messages_that_rules_were_tuned_by_97_in_100_are_heard() {
    assert!(heard("tuning", DANGER) >= 970);
}

#[test]
fn of_100_messages_held_out_90_are_heard() {
    assert!(heard("holdout", HOLDOUT) >= 900);
}

#[test]
fn of_500_everyday_questions_at_most_1_in_100_raises_a_false_alarm() {
    let alarms: Vec<(&str, &str)> =
        lines(EVERYDAY).filter_map(|text| rail::find(text).map(|found| (found.rule, text))).collect();
    let all = lines(EVERYDAY).count();
    println!("everyday: {} false alarms of {all}: {alarms:#?}", alarms.len());
    assert!(all >= 500);
    assert!(alarms.len() * 100 <= all, "{alarms:#?}");
}

#[test]
fn an_everyday_question_is_no_misuse() {
    let misuse: Vec<&str> = lines(EVERYDAY).filter(|text| rail::abuse(text).is_some()).collect();
    assert!(misuse.is_empty(), "{misuse:#?}");
}

#[test]
fn the_files_share_no_message_so_that_the_held_out_ones_judge() {
    let tuned: Vec<String> =
        lines(DANGER).map(|line| words::alone(line.split_once(" | ").unwrap().1)).collect();
    for line in lines(HOLDOUT) {
        assert!(!tuned.contains(&words::alone(line.split_once(" | ").unwrap().1)), "{line}");
    }
}
