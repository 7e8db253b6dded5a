//! What talks about paying need: a person who may buy, their payments, and what payments are told.

use answerbot_core::contact::effect::Action;
use answerbot_core::contact::event::Event;
use answerbot_core::contact::message::Tap;
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payer::Refusal;
use answerbot_core::pay::payment::{self, Failure, Granted, News, Order, What};
use answerbot_core::pay::price::{Plan, Selling};
use answerbot_core::{PaymentId, Time};

use crate::talk::Talk;

pub fn payment(number: u8) -> PaymentId {
    PaymentId::draw([number; 16])
}

pub fn news(number: u8, what: What) -> Event {
    Event::Paying(News { payment: payment(number), what })
}

impl Talk {
    /// A person who may buy.
    pub fn buyer() -> Self {
        let mut talk = Self::agreed();
        talk.selling = Selling::Production;
        talk.prices.confirm();
        talk
    }

    /// Goes the whole way to a weekly plan: the payment that it made.
    pub fn pays_with(&mut self, number: &str) -> PaymentId {
        self.taps(Tap::PlanIs(Plan::Weekly));
        if self.contact.paying.number.is_none() {
            self.says(number);
        }
        self.taps(Tap::Pay);
        self.contact.paying.requests.last().expect("nothing was ordered").payment
    }

    /// What MTN's success grants now.
    pub fn granted(&self, plan: Plan, late: bool) -> What {
        let (days, price) = match plan {
            Plan::Weekly => (7, 3_000),
            Plan::Monthly => (30, 6_500),
        };
        What::Granted(Granted {
            code: "AB7K-3F9Q".into(),
            plan,
            days,
            price: Money::whole(price, Currency::Ssp),
            version: 1,
            mtn_id: Some("4711".into()),
            at: self.now,
            late,
            test: false,
            gift: false,
        })
    }

    /// A payment that no request is known of is granted.
    pub fn is_granted(&mut self, number: u8, plan: Plan) {
        let what = self.granted(plan, false);
        self.is_told(news(number, what));
    }

    /// One of the person's payments went on.
    pub fn hears_of(&mut self, payment: PaymentId, what: What) {
        self.is_told(Event::Paying(News { payment, what }));
    }

    /// What payments were told, and is still on its way to them.
    pub fn payments_are_told(&self) -> Vec<payment::Event> {
        let events = self.open.values().filter_map(|effect| match &effect.action {
            Action::Tell { event, .. } => Some(&**event),
            _ => None,
        });
        events
            .filter_map(|event| match event {
                Event::Payment(event) => Some(event.clone()),
                _ => None,
            })
            .collect()
    }

    /// The orders among them.
    pub fn orders(&self) -> Vec<Order> {
        let start = |event| match event {
            payment::Event::Start(order) => Some(order),
            _ => None,
        };
        self.payments_are_told().into_iter().filter_map(start).collect()
    }
}

/// Every way in which a payment can end without money.
pub fn failures(until: Time) -> [Failure; 12] {
    [
        Failure::Declined,
        Failure::NotApproved,
        Failure::NoFunds,
        Failure::Limit,
        Failure::NoAccount,
        Failure::OurFault,
        Failure::Trouble,
        Failure::NotSent,
        Failure::Other,
        Failure::Refused(Refusal::Open { until }),
        Failure::Refused(Refusal::Declined { until }),
        Failure::Refused(Refusal::Today),
    ]
}
