//! The mobile money that people pay with.

use std::time::Duration;

use answerbot_core::PaymentId;
use answerbot_core::contact::effect::EffectFault;
use answerbot_core::pay::money::Money;
use answerbot_core::pay::payment::{Charge, Charged, Checked};
use answerbot_core::pay::phone::Msisdn;
use async_trait::async_trait;

/// Mobile money. Each call is made once, within `deadline`; when to make it again is the core's matter.
#[async_trait]
pub trait Payments: Send + Sync {
    /// Asks for money. The same reference is the same request, however often it is made.
    async fn request(&self, charge: &Charge, deadline: Duration) -> Charged;

    /// How a payment stands, as the provider says when asked.
    async fn status(&self, payment: PaymentId, deadline: Duration) -> Result<Checked, EffectFault>;

    /// Whether a number is a live account.
    async fn payable(&self, payer: Msisdn, deadline: Duration) -> Result<bool, EffectFault>;

    /// What stands on our side.
    async fn balance(&self, deadline: Duration) -> Result<Money, String>;

    /// Asks the provider whether the settings work, for `doctor`: a sentence, or what is wrong.
    async fn check(&self) -> Result<String, String>;
}
