//! Paying, as the person meets it: what became of a payment, and the questions that waited for it.

use alloc::string::String;

use super::desk::Desk;
use crate::contact::message::{Message, Purpose};
use crate::contact::{Grant, Question, Standing};
use crate::id::PaymentId;
use crate::pay::days::{long_date, short_date};
use crate::pay::payer::Refusal;
use crate::pay::payment::{Failure, Granted, News, What};
use crate::texts::Receipt;

impl Desk<'_> {
    /// A payment of this contact went on.
    pub fn hear_payment(&mut self, news: &News, identity: usize) {
        let texts = self.texts;
        // News can overtake each other: what was granted is not failed by something older, and what came to an
        // end is not on its way to the phone any more.
        let is_granted = self.contact.paying.grants.contains_key(&news.payment);
        let is_old = is_granted || !self.note(news);
        match &news.what {
            What::Granted(granted) => self.grant(news.payment, granted, identity),
            What::Refunded => self.refund(news.payment, identity),
            _ if is_old => {}
            What::Prompted => self.tell_money(identity, texts.pay_prompted),
            What::Failed(why) => self.tell_money(identity, self.failure_text(*why)),
            What::Expired => self.tell_money(identity, texts.pay_expired),
            What::Cancelled { prompted: true } => self.tell_money(identity, texts.pay_cancelled_open),
            What::Cancelled { prompted: false } => self.tell_money(identity, texts.pay_cancelled),
            What::Abandoned => self.tell_money(identity, texts.pay_abandoned),
            What::Review => self.tell_money(identity, texts.pay_review),
        }
    }

    /// Keeps how a payment stands; false when something later was heard of it already.
    fn note(&mut self, news: &News) -> bool {
        let ends = !matches!(news.what, What::Prompted | What::Cancelled { prompted: true });
        let requests = &mut self.contact.paying.requests;
        let Some(request) = requests.iter_mut().find(|it| it.payment == news.payment) else { return true };
        if news.what == What::Prompted && request.stands != Standing::Asked {
            return false;
        }
        request.ended |= ends;
        if let Some(stands) = Standing::of(&news.what) {
            request.stands = stands;
        }
        true
    }

    /// Paid: told once, with a receipt; then the questions that met the limit are answered, oldest first.
    fn grant(&mut self, payment: PaymentId, granted: &Granted, identity: usize) {
        if self.contact.paying.grants.contains_key(&payment) {
            return;
        }
        let refunded = self.contact.paying.given_back.contains(&payment);
        let grant = Grant { granted: granted.clone(), refunded };
        self.contact.paying.grants.insert(payment, grant);
        self.grants.push(payment);
        if refunded {
            // Given back before this was heard: no receipt, and no day.
            return;
        }
        if let Some(receipt) = self.receipt(payment) {
            self.tell_money(identity, receipt);
        }
        self.answer_limited();
    }

    /// The questions that met the limit are answered now, oldest first.
    pub fn answer_limited(&mut self) {
        if self.contact.paying.used.on(self.now.juba_day()) >= self.policy.quota.paid_per_day {
            // More days are no more questions today.
            return;
        }
        for question in core::mem::take(&mut self.contact.limited) {
            self.take_question(Question { arrived: self.now, ..question });
        }
    }

    fn refund(&mut self, payment: PaymentId, identity: usize) {
        for request in self.contact.paying.requests.iter_mut().filter(|it| it.payment == payment) {
            request.stands = Standing::GivenBack;
        }
        let text = match self.contact.paying.grants.get_mut(&payment) {
            Some(grant) => {
                grant.refunded = true;
                self.texts.pay_refunded
            }
            // It was in review and bought nothing.
            None => {
                self.contact.paying.given_back.push(payment);
                self.texts.pay_given_back
            }
        };
        self.tell_money(identity, text);
    }

    /// The receipt of a payment that was granted.
    pub fn receipt(&self, payment: PaymentId) -> Option<String> {
        let granted = &self.contact.paying.grants.get(&payment)?.granted;
        let (_, period) = *self.contact.paying.periods().iter().find(|(id, _)| *id == payment)?;
        let (price, until) = (alloc::format!("{}", granted.price), long_date(period.through));
        let day = granted.at.juba_day();
        let gift = (period.first.0 == day.0.saturating_add(1)).then(|| short_date(day));
        Some((self.texts.receipt)(&Receipt {
            plan: self.texts.plan_title(granted.plan),
            price: &price,
            from: &short_date(period.first),
            until: &until,
            gift: gift.as_deref(),
            questions: self.policy.quota.paid_per_day,
            code: &granted.code,
            mtn_id: granted.mtn_id.as_deref(),
            late: granted.late,
        }))
    }

    /// Each reason has its own words and its own advice.
    fn failure_text(&self, why: Failure) -> String {
        let texts = self.texts;
        match why {
            Failure::Declined => texts.pay_declined.into(),
            Failure::NotApproved => texts.pay_not_approved.into(),
            Failure::NoFunds => texts.pay_no_funds.into(),
            Failure::Limit => texts.pay_limit.into(),
            Failure::NoAccount => texts.pay_no_account.into(),
            Failure::OurFault => texts.pay_our_fault.into(),
            Failure::Trouble => texts.pay_trouble.into(),
            Failure::NotSent => texts.pay_not_sent.into(),
            Failure::Other => texts.pay_other.into(),
            Failure::Refused(Refusal::Open { until }) => (texts.pay_again_at)(&until.juba_clock()),
            Failure::Refused(Refusal::Declined { until }) => {
                let is_later = until.juba_day() > self.now.juba_day();
                (texts.pay_declined_twice)(&until.juba_clock(), is_later)
            }
            Failure::Refused(Refusal::Today) => texts.pay_again_tomorrow.into(),
        }
    }

    /// Money news is told whatever was used up, and waits for the person when the window is shut.
    fn tell_money(&mut self, identity: usize, text: impl Into<String>) {
        self.queue(identity, Message::plain(text), Purpose::Money, None);
    }
}
