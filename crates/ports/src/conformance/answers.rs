//! What every place for shared answers must do. An adapter's tests run [`answers`] on a fresh one, which has room for
//! ten, and hand over what opens it anew, as after a restart.
#![expect(clippy::unwrap_used, reason = "a test suite")]

use answerbot_core::Time;
use answerbot_core::reuse::{Kept, Key};

use crate::answers::Answers;

/// Every case, one after the other.
pub async fn answers<A: Answers>(answers: A, anew: impl Fn() -> A) {
    what_was_remembered_is_recalled_and_not_saved(&answers).await;
    the_newer_of_two_is_recalled(&answers).await;
    what_was_saved_outlives_a_restart_and_what_was_not_need_not(&answers, &anew).await;
    a_newer_one_is_saved_in_its_place(&answers, &anew).await;
    what_was_withdrawn_is_gone_after_a_restart_too(&answers, &anew).await;
    what_is_called_wrong_again_and_again_is_not_taken(&answers).await;
}

fn key(number: u8) -> Key {
    Key([number; 16])
}

fn kept(text: &str) -> Kept {
    let (made, until) = (Time::from_millis(1_000), Time::from_millis(2_000));
    Kept { text: text.into(), model: "one".into(), wording: 7, made, until }
}

async fn found(answers: &impl Answers, number: u8) -> Option<(Kept, bool)> {
    answers.recall(key(number)).await.map(|it| ((*it.kept).clone(), it.saved))
}

async fn what_was_remembered_is_recalled_and_not_saved(answers: &impl Answers) {
    assert_eq!(found(answers, 1).await, None);
    answers.remember(key(1), kept("first")).await;
    assert_eq!(found(answers, 1).await, Some((kept("first"), false)));
    assert_eq!(found(answers, 2).await, None, "nor under another name");
}

async fn the_newer_of_two_is_recalled(answers: &impl Answers) {
    answers.remember(key(1), kept("second")).await;
    assert_eq!(found(answers, 1).await, Some((kept("second"), false)));
}

async fn what_was_saved_outlives_a_restart_and_what_was_not_need_not<A: Answers>(
    answers: &A,
    anew: impl Fn() -> A,
) {
    for _ in 0..2 {
        answers.save(key(1)).await.unwrap();
    }
    answers.save(key(99)).await.unwrap();
    assert_eq!(found(answers, 1).await, Some((kept("second"), true)));
    let later = anew();
    assert_eq!(found(&later, 1).await, Some((kept("second"), true)));
    assert_eq!(found(&later, 99).await, None);
}

async fn a_newer_one_is_saved_in_its_place<A: Answers>(answers: &A, anew: impl Fn() -> A) {
    answers.remember(key(1), kept("third")).await;
    assert_eq!(found(answers, 1).await, Some((kept("third"), false)), "it is not the one in the store");
    answers.save(key(1)).await.unwrap();
    assert_eq!(found(&anew(), 1).await, Some((kept("third"), true)));
}

async fn what_was_withdrawn_is_gone_after_a_restart_too<A: Answers>(answers: &A, anew: impl Fn() -> A) {
    answers.withdraw(key(1)).await.unwrap();
    assert_eq!(found(answers, 1).await, None);
    assert_eq!(found(&anew(), 1).await, None);
    answers.withdraw(key(98)).await.unwrap();
}

async fn what_is_called_wrong_again_and_again_is_not_taken(answers: &impl Answers) {
    answers.remember(key(1), kept("fourth")).await;
    assert!(found(answers, 1).await.is_some(), "once may be a mistake");
    answers.withdraw(key(1)).await.unwrap();
    answers.remember(key(1), kept("fifth")).await;
    assert_eq!(found(answers, 1).await, None);
}
