//! How calls are answered: the weather first, then what MTN would say.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};

use super::account::MomoFault;
use super::desk::Caller;
use super::knobs::{MomoOutcome, Weather};
use crate::world::World;

impl MomoOutcome {
    /// Whether the call reaches the wallet.
    pub(super) fn takes(&self) -> bool {
        matches!(self, Self::Accept | Self::TakenThenFault(_) | Self::TakenThenHang | Self::Late(_))
    }

    /// The status that the caller sees if `answer` is what MTN has to say; `None` if it sees nothing for long.
    pub(super) fn seen(&self, answer: u16) -> Option<u16> {
        match self {
            Self::Accept | Self::Late(_) => Some(answer),
            Self::Fault(fault) | Self::TakenThenFault(fault) => Some(fault.status),
            Self::Hang | Self::TakenThenHang => None,
            Self::Untaken => Some(202),
            Self::TokenDies => Some(401),
        }
    }
}

/// Answers with `said`, or with what the weather makes of it.
pub(super) async fn answer(
    world: &World,
    weather: Weather,
    said: Response<Body>,
    caller: Option<&Caller>,
) -> Response<Body> {
    let answer = match weather.outcome {
        MomoOutcome::Accept => said,
        MomoOutcome::Fault(fault) | MomoOutcome::TakenThenFault(fault) => refusal(&fault),
        MomoOutcome::Late(late) => {
            world.sleep(late).await;
            said
        }
        MomoOutcome::Hang | MomoOutcome::TakenThenHang => {
            world.sleep(weather.hang_for).await;
            refusal(&MomoFault::timeout())
        }
        MomoOutcome::Untaken => empty(202),
        MomoOutcome::TokenDies => {
            if let Some(caller) = caller {
                world.inner.momo.desk.lock().forget_token(&caller.token);
            }
            refusal(&MomoFault::unauthorized())
        }
    };
    world.sleep(weather.wait).await;
    answer
}

/// The fault as MTN sends it.
pub(super) fn refusal(fault: &MomoFault) -> Response<Body> {
    let mut response = Response::new(Body::from(fault.body.clone()));
    *response.status_mut() = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if fault.body.starts_with('{') {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    response
}

/// A status and nothing else.
pub(super) fn empty(status: u16) -> Response<Body> {
    refusal(&MomoFault::bare(status))
}
