//! What follows from money: the grant, the books, and what an operator does with it.

use alloc::string::ToString;

use super::till::Till;
use super::{Granted, Paid, Status, What};
use crate::decide::Record;
use crate::id::ContactId;
use crate::pay::ledger::{Account, Entry};
use crate::pay::money::Money;

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
        self.stop_polls();
        self.it.accepted = true;
        self.it.checked = Some(self.now);
        self.it.paid = Some(paid.clone());
        let account = if fits { Account::Deferred(self.id) } else { Account::Suspense };
        self.book("captured", paid.money, Account::Clearing, account, order.test);
        self.tell_payer_end(false);
        if fits {
            self.it.status = Status::Success;
            self.grant(order.contact, late);
            if late {
                self.out.records.push(Record::LateSuccess);
            }
        } else {
            self.it.status = Status::Review;
            self.tell(What::Review);
            self.out.records.push(Record::PaymentReview);
        }
    }

    fn grant(&mut self, to: ContactId, late: bool) {
        let (Some(order), Some(paid)) = (&self.it.order, &self.it.paid) else { return };
        let granted = Granted {
            code: order.code.clone(),
            plan: order.plan,
            days: order.days,
            price: paid.money,
            version: order.version,
            mtn_id: paid.mtn_id.clone(),
            at: paid.at,
            late,
            test: order.test,
        };
        self.it.granted_to = Some(to);
        self.out.records.push(Record::Paid);
        self.tell_contact(to, What::Granted(granted));
    }

    pub(super) fn assign(&mut self, to: ContactId) {
        let (Status::Review, Some(order), Some(paid)) = (self.it.status, &self.it.order, &self.it.paid)
        else {
            return;
        };
        let (money, test) = (paid.money, order.test);
        self.it.status = Status::Success;
        self.book("assigned", money, Account::Suspense, Account::Deferred(self.id), test);
        self.grant(to, true);
    }

    pub(super) fn refunded(&mut self, mtn_id: &str) {
        let Some(order) = self.it.order.clone() else { return };
        let Some(paid) = self.it.paid.clone() else { return };
        let from = match self.it.status {
            Status::Success => Account::Deferred(self.id),
            Status::Review => Account::Suspense,
            _ => return,
        };
        let told = if self.it.status == Status::Success {
            self.it.granted_to
        } else {
            Some(order.contact).filter(|_| !self.it.disowned)
        };
        self.it.status = Status::Refunded;
        self.it.refund = Some(mtn_id.to_string());
        self.book("refunded", paid.money, from, Account::Clearing, order.test);
        if let Some(contact) = told {
            self.tell_contact(contact, What::Refunded);
        }
    }

    /// Books `money` from one account to another: debit first.
    fn book(&mut self, event: &'static str, money: Money, debit: Account, credit: Account, test: bool) {
        let entry =
            Entry { payment: self.id, event: event.to_string(), at: self.now, money, debit, credit, test };
        self.out.entries.push(entry);
    }
}
