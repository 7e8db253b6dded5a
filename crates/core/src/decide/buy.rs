//! The way to a plan: the offer, the plan, the paying number, the summary, the request.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::desk::Desk;
use crate::aggregate::Target;
use crate::contact::effect::Action;
use crate::contact::event::Event;
use crate::contact::message::{Button, Message, Purpose, Tap};
use crate::contact::{Asked, Request, Standing, Step};
use crate::id::PaymentId;
use crate::pay::days;
use crate::pay::order;
use crate::pay::payment::{self, Order};
use crate::pay::phone::{self, Found, Msisdn};
use crate::pay::price::{Plan, Quote, Selling};
use crate::time::DAY;

impl Desk<'_> {
    /// What a plan costs today, where it is sold to this person.
    pub fn quote(&self, plan: Plan) -> Option<Quote> {
        let rules = self.rules;
        let mut addresses = self.contact.identities.iter().filter_map(|it| it.address.as_ref());
        let may_buy = |list: &[String]| addresses.any(|to| list.contains(&to.user));
        if !rules.testers.is_none_or(may_buy) {
            return None;
        }
        rules.prices.quote(plan, self.now.juba_day(), rules.selling, &self.policy.paying)
    }

    /// Whether this person can buy any plan today.
    pub fn is_sold(&self) -> bool {
        Plan::ALL.into_iter().any(|plan| self.quote(plan).is_some())
    }

    /// The payment whose prompt can be on a phone now.
    pub fn open_request(&self) -> Option<&Request> {
        self.contact.paying.open_request(self.now, self.policy.paying.prompt_window_ms)
    }

    /// `subscribe`: the plans with their prices.
    pub fn show_plans(&mut self, identity: usize) {
        let buttons = self.plan_buttons();
        if buttons.is_empty() {
            self.say(identity, self.texts.paying_soon);
            return;
        }
        let text = (self.texts.plans)(self.policy.quota.paid_per_day);
        self.reply_money(identity, Message::with_buttons(text, &buttons));
        self.contact.asked = Some(Asked::Plan);
    }

    /// A button for each plan that is sold.
    pub fn plan_buttons(&self) -> Vec<Button> {
        let quotes = Plan::ALL.into_iter().filter_map(|plan| self.quote(plan));
        quotes.map(|quote| self.plan_button(quote)).collect()
    }

    /// A plan with today's price.
    pub fn plan_button(&self, quote: Quote) -> Button {
        let title = format!("{} {}", self.texts.plan_title(quote.plan), quote.price);
        Button::new(title, Tap::PlanIs(quote.plan))
    }

    /// A plan was chosen, perhaps by an old button: today's price counts.
    pub fn choose_plan(&mut self, plan: Plan, identity: usize) {
        match self.contact.paying.number {
            Some(payer) => self.offer(plan, payer, identity),
            None if self.quote(plan).is_some() => self.ask_number(plan, identity),
            None => {
                self.say(identity, self.texts.paying_soon);
            }
        }
    }

    /// Shows what a plan costs today, if it is sold.
    fn offer(&mut self, plan: Plan, payer: Msisdn, identity: usize) {
        match self.quote(plan) {
            Some(quote) => self.show_summary(quote, payer, identity),
            None => {
                self.say(identity, self.texts.paying_soon);
            }
        }
    }

    fn ask_number(&mut self, plan: Plan, identity: usize) {
        self.contact.paying.step = Some(Step::Number(plan));
        self.say_money(identity, self.texts.pay_ask_number);
    }

    /// Whether a text gives the number that was asked for. One without a number is a question: paying never
    /// blocks asking.
    pub fn hear_number(&mut self, text: &str, identity: usize) -> bool {
        let plan = match self.contact.paying.step {
            Some(Step::Number(plan)) => plan,
            Some(Step::Confirm { quote, .. }) => quote.plan,
            None => return false,
        };
        let sandbox = self.rules.selling == Selling::Sandbox;
        match phone::find(text, &self.policy.paying.mtn_prefixes, sandbox) {
            Found::None if phone::is_only_number(text) => {
                self.say_money(identity, self.texts.pay_bad_number);
            }
            Found::None => return false,
            Found::NotMtn(_) => {
                self.say_money(identity, self.texts.pay_not_mtn);
            }
            Found::Mtn(payer) => self.offer(plan, payer, identity),
        }
        true
    }

    /// Plan, price, number, new end, and that it does not renew by itself.
    fn show_summary(&mut self, quote: Quote, payer: Msisdn, identity: usize) {
        let paying = &mut self.contact.paying;
        paying.step = Some(Step::Confirm { quote, payer, at: self.now });
        let period = days::extend(self.now.juba_day(), paying.through(), quote.days);
        let title = self.texts.plan_title(quote.plan);
        let (price, until) = (format!("{}", quote.price), days::long_date(period.through));
        let text = (self.texts.pay_summary)(title, &price, &payer.national(), &until);
        let [pay, other] = self.texts.pay_buttons;
        let buttons = [Button::new(pay, Tap::Pay), Button::new(other, Tap::PayOther)];
        self.reply_money(identity, Message::with_buttons(text, &buttons));
        self.contact.asked = Some(Asked::Pay);
    }

    pub fn other_number(&mut self, identity: usize) {
        if let Some(Step::Confirm { quote, .. }) = self.contact.paying.step {
            self.ask_number(quote.plan, identity);
        } else {
            self.show_plans(identity);
        }
    }

    /// "Pay": the prompt asks for exactly what was shown, not long ago.
    pub fn pay(&mut self, identity: usize) {
        let Some(Step::Confirm { quote, payer, at }) = self.contact.paying.step else {
            // A second tap on the same button, mostly.
            return if self.open_request().is_some() {
                self.say_approve_one(identity);
            } else {
                self.show_plans(identity);
            };
        };
        let rules = &self.policy.paying;
        if self.quote(quote.plan) != Some(quote) || self.now.since(at) > rules.quote_ms {
            // What was shown is old: today's price, and the question again.
            return self.offer(quote.plan, payer, identity);
        }
        if self.open_request().is_some() {
            return self.say_approve_one(identity);
        }
        let week = |it: &&Request| self.now.since(it.at) < 7 * DAY && it.payer != payer;
        let mut others: Vec<Msisdn> =
            self.contact.paying.requests.iter().filter(week).map(|it| it.payer).collect();
        others.sort_unstable();
        others.dedup();
        if others.len() >= rules.numbers_per_week as usize {
            self.say_money(identity, self.texts.pay_too_many_numbers);
            return;
        }
        self.order(quote, payer);
        self.contact.paying.step = None;
        self.say_money(identity, self.texts.pay_asking);
    }

    /// An earlier request may still be on the phone.
    fn say_approve_one(&mut self, identity: usize) {
        let Some(open) = self.open_request() else { return };
        let until = open.at.plus(self.policy.paying.prompt_window_ms);
        self.say_money(identity, (self.texts.pay_again_at)(&until.juba_clock()));
    }

    /// Whether "pay now" can be meant: a summary stands, or a request is on its way.
    pub fn may_pay(&self) -> bool {
        matches!(self.contact.paying.step, Some(Step::Confirm { .. })) || self.open_request().is_some()
    }

    fn order(&mut self, quote: Quote, payer: Msisdn) {
        let payment = PaymentId::draw(self.draw("payment"));
        let paying = &mut self.contact.paying;
        paying.orders += 1;
        paying.number = Some(payer);
        let seq = paying.orders;
        paying.requests.retain(|it| self.now.since(it.at) < 7 * DAY);
        paying.requests.push(Request {
            payment,
            plan: quote.plan,
            price: Some(quote.price),
            payer,
            at: self.now,
            stands: Standing::default(),
            ended: false,
        });
        let order = Order {
            contact: self.id(),
            code: order::code(payment),
            external_id: order::external_id(self.id(), quote.plan, quote.version, seq),
            plan: quote.plan,
            days: quote.days,
            price: quote.price,
            version: quote.version,
            payer,
            wished: self.now,
            test: self.rules.selling == Selling::Sandbox,
        };
        self.tell_payment(payment, payment::Event::Start(order));
    }

    /// `cancel` on the way to a plan, or with a request open. False when there is nothing of the kind.
    pub fn cancel_paying(&mut self, identity: usize) -> bool {
        let left = self.contact.paying.step.take().is_some();
        match self.open_request().map(|it| (it.payment, it.stands)) {
            // The payment is cancelled already and will say nothing more.
            Some((_, Standing::Cancelled { .. })) => self.say_money(identity, self.texts.pay_cancelled_open),
            // Its own news tells the person.
            Some((payment, _)) => self.tell_payment(payment, payment::Event::Cancel),
            None if left => {
                self.say_money(identity, self.texts.pay_left);
            }
            None => return false,
        }
        true
    }

    /// A few digits while a payment is open are likely the PIN. False when none is open.
    pub fn warn_of_pin(&mut self, identity: usize) -> bool {
        let is_open = self.open_request().is_some();
        if is_open {
            self.move_on();
            self.say_money(identity, self.texts.pin);
        }
        is_open
    }

    /// "I paid but nothing": MTN is asked about every payment of the last days now, and the person hears how things
    /// stand. It costs no question and no AI hears of it.
    pub fn answer_complaint(&mut self, identity: usize) {
        let now = self.now;
        self.move_on();
        let paying = &self.contact.paying;
        let young = paying.requests.iter().filter(|it| now.since(it.at) < 7 * DAY);
        let unpaid = young.filter(|it| !paying.grants.contains_key(&it.payment));
        let payments: Vec<PaymentId> = unpaid.map(|it| it.payment).collect();
        let first = match (payments.is_empty(), self.history().is_empty()) {
            (false, _) => self.texts.complaint,
            (true, false) => self.texts.complaint_known,
            (true, true) => self.texts.complaint_none,
        };
        for payment in payments {
            self.tell_payment(payment, payment::Event::Nudge);
        }
        let text = format!("{first} {}", self.status_text(identity));
        let human = Button::new(self.texts.human_button, Tap::Human);
        self.queue(identity, Message::with_quick_replies(text, &[human]), Purpose::Money, None);
    }

    pub fn tell_payment(&mut self, payment: PaymentId, event: payment::Event) {
        let event = Box::new(Event::Payment(event));
        self.emit(self.now, Action::Tell { target: Target::Payment(payment), event });
    }

    /// The receipt of the last payment, again.
    pub fn show_receipt(&mut self, identity: usize) {
        let is_paid =
            |payment: &PaymentId| self.contact.paying.grants.get(payment).is_some_and(|it| !it.granted.gift);
        let periods = self.contact.paying.periods();
        let last = periods.iter().rev().map(|(payment, _)| *payment).find(is_paid);
        match last.and_then(|payment| self.receipt(payment)) {
            Some(receipt) => self.say_money(identity, receipt),
            None if self.is_sold() => self.say_money(identity, self.texts.no_receipt),
            None => {
                self.say(identity, self.texts.paying_soon);
            }
        }
    }

    fn draw(&self, what: &str) -> [u8; 16] {
        let mut seed = String::from(what);
        seed.push_str(&self.contact.decisions.to_string());
        crate::id::drawn(&self.seed, &seed)
    }
}
