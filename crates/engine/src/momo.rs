//! Calls to MTN: each once, under a deadline.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::effect::Action;
use answerbot_core::contact::event::Outcome;
use answerbot_core::pay::payment::{Charge, Charged};
use answerbot_ports::payments::Payments;

use crate::Shared;
use crate::perform::{MARGIN, OUTLIVED, failed, millis};

/// Performs one of the actions that call MTN. `lost` says how many processes died while it was open.
pub(crate) async fn perform(shared: &Arc<Shared>, action: &Action, lost: u32) -> Outcome {
    let deadline = millis(shared.ports.policy.paying.call_deadline_ms);
    let payments = shared.ports.payments.as_deref();
    let call = async {
        match (action, payments) {
            (Action::Charge(charge), payments) => request(shared, payments, charge, lost, deadline).await,
            (Action::CheckPayment(payment), Some(payments)) => {
                payments.status(*payment, deadline).await.map_or_else(Outcome::Failed, Outcome::Checked)
            }
            (Action::CheckAccount(payer), Some(payments)) => {
                payments.payable(*payer, deadline).await.map_or_else(Outcome::Failed, Outcome::Account)
            }
            _ => failed(true, "MoMo is not set up"),
        }
    };
    let late = match action {
        Action::Charge(_) => Outcome::Charged(Charged::Unknown),
        _ => failed(true, OUTLIVED),
    };
    tokio::time::timeout(deadline + MARGIN, call).await.unwrap_or(late)
}

/// Asks for money, unless the person's wish has grown old. One that a dead process may have sent is never said to
/// be unsent.
async fn request(
    shared: &Arc<Shared>,
    payments: Option<&dyn Payments>,
    charge: &Charge,
    lost: u32,
    deadline: Duration,
) -> Outcome {
    let charged = match payments {
        _ if shared.now() >= charge.not_after => Charged::TooLate,
        Some(payments) => payments.request(charge, deadline).await,
        None => Charged::NotSent,
    };
    let nothing_by_us = matches!(charged, Charged::TooLate | Charged::NotSent | Charged::Rejected(_));
    Outcome::Charged(if lost > 0 && nothing_by_us { Charged::Unknown } else { charged })
}
