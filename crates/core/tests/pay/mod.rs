//! Money, numbers, prices, days and statements, as tables; what holds for all values stands in `laws`.

mod breaker;
mod complaint;
mod days;
mod laws;
mod ledger;
mod money;
mod payment;
mod phone;
mod price;
mod reconcile;
mod statement;
mod walk;
mod whole_statement;

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

/// The same figures in every run.
struct Dice(u64);

impl Dice {
    /// From nought to below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % limit as u64).expect("a small number")
    }

    /// So many milliseconds, below `limit`.
    fn time(&mut self, limit: usize) -> i64 {
        i64::try_from(self.below(limit)).expect("a small number")
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, self.below(last + 1));
        }
    }
}
