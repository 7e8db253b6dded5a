//! People who pay, as tests drive them, and minutes that are seconds.

use answerbot_sim::World;
use answerbot_sim::momo::MomoPrompt;

use crate::talk::{SOON, agrees, heard};

/// A payer's number as people write it, and as MTN does.
pub const NUMBER: &str = "092 123 4567";
pub const PAYER: &str = "211921234567";

/// A request may be on the phone for four seconds; MTN is asked for half a minute.
pub const QUICK: &str = "[burst]\nwindow_ms = 0\n[limits]\nfree_replies_per_day = 1000\n[paying]\n\
     prompt_window_ms = 4000\ncall_deadline_ms = 1000\nnudge_apart_ms = 100\nunheard_poll_ms = 1000\n\
     polls_ms = [200, 400, 700, 1000, 1500, 2000, 3000, 4100, 6000, 8000, 10000, 15000, 20000, 30000, 60000, 300000]\n\
     soft_polls_ms = [1000, 3000, 6000, 9000, 12000, 20000]\nrequests_per_payer_per_day = 100\n\
     missing_after_ms = 10000\n";

/// `QUICK`, but a request stays on the phone for as long as the built-in policy says.
pub fn patient() -> String {
    QUICK.replace("prompt_window_ms = 4000\n", "")
}

/// `patient`, and MTN is asked at these times only.
pub fn asking_at(polls_ms: &str) -> String {
    let other = |line: &&str| !line.starts_with("polls_ms");
    let patient = patient();
    let lines = patient.lines().filter(other).chain([polls_ms]);
    lines.collect::<Vec<_>>().join("\n")
}

/// What somebody heard, all of it.
pub fn texts(world: &World, user: &str) -> Vec<String> {
    world.sent_to(user).into_iter().map(|sent| sent.text).collect()
}

/// How many of somebody's messages have these words.
pub fn times(world: &World, user: &str, words: &str) -> usize {
    texts(world, user).iter().filter(|text| text.contains(words)).count()
}

/// Waits until somebody heard these words so often.
pub async fn heard_times(world: &World, user: &str, words: &str, count: usize) {
    let done = world.wait_until(SOON, |world| times(world, user, words) >= count).await;
    assert!(done.is_ok(), "{user} did not hear \"{words}\" {count} times, but {:#?}", texts(world, user));
}

/// From the plan to "pay".
pub async fn orders(world: &World, user: &str, number: &str) {
    let summaries = times(world, user, "Pay now?");
    world.postback(user, "PLAN_WEEKLY", "Weekly").await.unwrap();
    world.say(user, number).await.unwrap();
    heard_times(world, user, "Pay now?", summaries + 1).await;
    world.postback(user, "PAY", "Pay now").await.unwrap();
}

/// A person who agreed, ordered a week, and has MTN's prompt on the phone.
pub async fn is_prompted(world: &World, user: &str, number: &str, payer: &str) -> MomoPrompt {
    agrees(world, user).await;
    orders(world, user, number).await;
    let prompt = prompt_of(world, payer).await;
    heard(world, user, "enter it only in MTN's window").await;
    prompt
}

/// The prompt on a payer's phone, as soon as it is there.
pub async fn prompt_of(world: &World, payer: &str) -> MomoPrompt {
    let find = |world: &World| world.momo_prompts().into_iter().find(|it| it.payer == payer);
    let came = world.wait_until(SOON, |world| find(world).is_some()).await;
    assert!(came.is_ok(), "no prompt for {payer}: {:#?}", world.momo_payments());
    find(world).unwrap()
}

/// A person who paid for a week. MTN's id of the payment.
pub async fn has_paid(world: &World, user: &str, number: &str, payer: &str) -> String {
    let prompt = is_prompted(world, user, number, payer).await;
    world.momo_approve(&prompt.reference).unwrap();
    heard(world, user, "Receipt").await;
    world.momo_payment(&prompt.reference).unwrap().transaction.unwrap()
}

/// The numbers of the n-th payer: as typed, and as MTN's.
pub fn payer(number: usize) -> (String, String) {
    (format!("0921{number:06}"), format!("211921{number:06}"))
}
