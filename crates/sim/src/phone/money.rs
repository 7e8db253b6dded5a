//! The second phone: MTN's prompts of all payers, and the text messages it sent about money.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Refusal, refuse};
use crate::world::World;

/// Messages that the page shows.
const SHOWN: usize = 20;

/// The prompts that wait and the latest messages, both newest first.
pub(super) async fn money(State(world): State<World>) -> Json<Value> {
    let messages: Vec<_> = world.money_messages().into_iter().rev().take(SHOWN).collect();
    Json(json!({ "prompts": world.momo_prompts(), "messages": messages }))
}

/// What the person does with a prompt. The PIN is looked at and let go.
#[derive(Deserialize)]
pub(super) struct Answer {
    reference: String,
    approve: bool,
    #[serde(default)]
    pin: String,
}

/// Approves or declines a prompt; says why not if it no longer waits.
pub(super) async fn answer(
    State(world): State<World>,
    Json(answer): Json<Answer>,
) -> Result<Json<Value>, Refusal> {
    let Answer { reference, approve, pin } = answer;
    if approve && !(matches!(pin.len(), 4 | 5) && pin.bytes().all(|b| b.is_ascii_digit())) {
        return Err(refuse("a PIN has 4 or 5 digits"));
    }
    let done = if approve { world.momo_approve(&reference) } else { world.momo_decline(&reference) };
    Ok(Json(match done {
        Ok(_) => json!({ "done": true }),
        Err(error) => {
            tracing::debug!(%error, "prompt not answered");
            json!({ "done": false, "reason": "This request no longer waits." })
        }
    }))
}
