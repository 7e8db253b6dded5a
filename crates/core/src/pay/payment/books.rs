//! What follows from money: the grant, the books, and what an operator does with it.

use alloc::string::ToString;

use super::till::Till;
use super::{Assignment, Granted, Paid, Status, What};
use crate::decide::Record;
use crate::id::ContactId;
use crate::pay::ledger::{Account, Entry};
use crate::pay::money::Money;
use crate::pay::order;

impl Till<'_> {
    /// MTN has money: as ordered it is granted, else somebody looks at it.
    pub(super) fn paid(&mut self, paid: &Paid, is_ours: bool) {
        if self.it.status.has_money() {
            return;
        }
        let Some(order) = self.it.order.clone() else { return };
        let fits = is_ours
            && !self.it.disowned
            && paid.money == order.price
            && paid.payer.is_none_or(|payer| payer == order.payer);
        let late = !self.it.status.is_open();
        self.stop_asking();
        self.it.accepted = true;
        self.it.checked = Some(self.now);
        self.capture(paid, if fits { Account::Deferred(self.id) } else { Account::Suspense });
        self.tell_payer_end(false);
        if fits {
            let assignment =
                Assignment { to: order.contact, plan: order.plan, days: order.days, version: order.version };
            self.it.status = Status::Success;
            self.grant(assignment, late);
            if late {
                self.out.records.push(Record::LateSuccess);
            }
        } else {
            self.it.status = Status::Review;
            self.tell(What::Review);
            self.out.records.push(Record::PaymentReview);
        }
    }

    /// MTN's statement names this payment. Where the money is here already and the statement names another amount,
    /// the difference goes to suspense: the books follow the account.
    pub(super) fn state(&mut self, paid: &Paid) {
        if !paid.money.is_positive() {
            return;
        }
        if !self.it.status.has_money() {
            return self.paid(paid, true);
        }
        let Some(known) = &mut self.it.paid else { return };
        if known.mtn_id.is_none() {
            known.mtn_id.clone_from(&paid.mtn_id);
        }
        let Some(more) = paid.money.checked_sub(known.money) else { return };
        if more.minor() == 0 || self.it.stated.is_some() {
            return;
        }
        self.it.stated = Some(paid.money);
        self.out.records.push(Record::PaymentReview);
        match more.checked_neg().filter(|it| it.is_positive()) {
            Some(less) => self.book("adjusted", less, Account::Suspense, Account::Clearing),
            None => self.book("adjusted", more, Account::Clearing, Account::Suspense),
        }
    }

    /// Money for an order that our books lost.
    pub(super) fn recover(&mut self, assignment: Assignment, paid: &Paid) {
        if self.it.order.is_some() {
            return self.state(paid);
        }
        if self.it.paid.is_some() || !paid.money.is_positive() {
            return;
        }
        self.capture(paid, Account::Deferred(self.id));
        self.it.status = Status::Success;
        self.it.assigned = Some(assignment);
        self.grant(assignment, true);
        self.out.records.push(Record::LateSuccess);
    }

    /// Money that fits nobody waits for an operator.
    pub(super) fn unclaimed(&mut self, paid: &Paid) {
        if self.it.order.is_some() || self.it.paid.is_some() || !paid.money.is_positive() {
            return;
        }
        self.capture(paid, Account::Suspense);
        self.it.status = Status::Review;
        self.out.records.push(Record::PaymentReview);
    }

    fn capture(&mut self, paid: &Paid, to: Account) {
        self.it.paid = Some(paid.clone());
        self.book("captured", paid.money, Account::Clearing, to);
    }

    fn grant(&mut self, it: Assignment, late: bool) {
        let Some(paid) = &self.it.paid else { return };
        let ordered = self.it.order.as_ref();
        let granted = Granted {
            code: ordered.map_or_else(|| order::code(self.id), |it| it.code.clone()),
            plan: it.plan,
            days: it.days,
            price: paid.money,
            version: it.version,
            mtn_id: paid.mtn_id.clone(),
            at: paid.at,
            late,
            test: self.it.is_test(),
            gift: false,
        };
        self.it.granted_to = Some(it.to);
        self.out.records.push(Record::Paid);
        self.tell_contact(it.to, What::Granted(granted));
    }

    pub(super) fn assign(&mut self, assignment: Assignment) {
        let (Status::Review, Some(paid)) = (self.it.status, &mut self.it.paid) else { return };
        // The days begin now: nobody had them before.
        paid.at = self.now;
        // All that waits of it, which is what the statement said.
        paid.money = self.it.stated.unwrap_or(paid.money);
        let money = paid.money;
        self.it.status = Status::Success;
        self.it.assigned = Some(assignment);
        self.book("assigned", money, Account::Suspense, Account::Deferred(self.id));
        self.grant(assignment, true);
    }

    pub(super) fn refunded(&mut self, mtn_id: &str) {
        let Some(paid) = &mut self.it.paid else { return };
        let from = match self.it.status {
            Status::Success => Account::Deferred(self.id),
            Status::Review => {
                paid.money = self.it.stated.unwrap_or(paid.money);
                Account::Suspense
            }
            _ => return,
        };
        let money = paid.money;
        // Who deleted their data hears nothing; to whom it was assigned does.
        let told: Option<ContactId> = match self.it.assigned {
            Some(it) => Some(it.to),
            None if self.it.disowned => None,
            None => self.it.order.as_ref().map(|it| it.contact),
        };
        self.it.status = Status::Refunded;
        self.it.refund = Some(mtn_id.to_string());
        self.book("refunded", money, from, Account::Clearing);
        if let Some(contact) = told {
            self.tell_contact(contact, What::Refunded);
        }
    }

    /// Books `money` from one account to another: debit first. Nothing is no entry.
    fn book(&mut self, event: &'static str, money: Money, debit: Account, credit: Account) {
        if !money.is_positive() {
            return;
        }
        let test = self.it.is_test();
        let entry =
            Entry { payment: self.id, event: event.to_string(), at: self.now, money, debit, credit, test };
        self.out.entries.push(entry);
    }
}
