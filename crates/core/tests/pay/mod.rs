//! Money, numbers, prices, days and statements, as tables; what holds for all values stands in `laws`.

mod breaker;
mod complaint;
mod days;
mod laws;
mod money;
mod payment;
mod phone;
mod price;
mod statement;
mod walk;

use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payment::Order;
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::Plan;
use answerbot_core::{ContactId, Time};

/// 2026-03-04 08:00 UTC, when the order is wished.
const START: Time = Time::from_millis(1_772_611_200_000);

/// A week for one person.
fn order() -> Order {
    Order {
        contact: ContactId::from_bytes([1; 16]),
        code: "AB7K-3F9Q".into(),
        external_id: "ab1.x.w.1.1".into(),
        plan: Plan::Weekly,
        days: 7,
        price: Money::whole(3_000, Currency::Ssp),
        version: 1,
        payer: Msisdn::read("0921234567").unwrap(),
        wished: START,
        test: false,
    }
}
