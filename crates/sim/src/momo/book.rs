//! MTN's book of payments: what becomes of a request to pay, whose money moved, and who is told. Pure: the time is an
//! argument, and callbacks are left in an outbox.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use anyhow::{Context, bail};

use super::account::MomoAccount;
use super::check::{Amount, Ask};
use super::desk::millis;
use super::knobs::{Fate, MomoBehaviour, Scene};
use super::ledger::{Ledger, Paid};
use super::payment::{Payment, Stage};
use super::record::{KEPT_PAYMENTS, MomoPrompt};

/// What happens by itself at its time.
#[derive(Debug)]
enum Step {
    Expire,
    Answer(bool),
    Play(Scene),
    ShowSuccess,
    SucceedLate,
}

/// A callback that is to be sent.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) url: String,
    pub(super) body: serde_json::Value,
}

/// What every operation needs besides the book.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) account: &'a MomoAccount,
    pub(super) knobs: &'a MomoBehaviour,
}

#[derive(Debug)]
pub(super) struct Book {
    payments: HashMap<String, Payment>,
    /// References in the order in which they were taken.
    order: VecDeque<String>,
    due: BTreeMap<(i64, u64), (String, Step)>,
    next_step: u64,
    next_number: u64,
    pub(super) ledger: Ledger,
    pub(super) outbox: Vec<Due>,
    /// Grows with every change that a phone shows.
    pub(super) version: u64,
    pub(super) prompts_shown: u64,
}

impl Book {
    pub(super) fn new(account: &MomoAccount) -> Self {
        Self {
            payments: HashMap::new(),
            order: VecDeque::new(),
            due: BTreeMap::new(),
            next_step: 0,
            next_number: 1_432_942_836,
            ledger: Ledger::new(account),
            outbox: Vec::new(),
            version: 0,
            prompts_shown: 0,
        }
    }

    /// Takes a request; false if its reference was used before.
    pub(super) fn take(&mut self, ask: Ask, fate: Fate, rules: Rules<'_>, now_ms: i64) -> bool {
        let reference = ask.reference.clone();
        if self.payments.contains_key(&reference) {
            return false;
        }
        if self.order.len() >= KEPT_PAYMENTS
            && let Some(oldest) = self.order.pop_front()
        {
            self.payments.remove(&oldest);
        }
        self.next_number += 1;
        let expires_ms = after(now_ms, rules.knobs.prompt_life);
        let prompted = !matches!(fate, Fate::Play(_));
        let stage = if prompted { Stage::Waiting { expires_ms } } else { Stage::Apart };
        let payment = Payment {
            ask,
            at_ms: now_ms,
            stage,
            status: None,
            reason: None,
            number: self.next_number,
            moved: false,
            ended_ms: None,
            prompted,
            called_back: false,
            status_reads: 0,
        };
        self.payments.insert(reference.clone(), payment);
        self.order.push_back(reference.clone());
        if prompted {
            self.version += 1;
            self.prompts_shown += 1;
            self.at(expires_ms, &reference, Step::Expire);
        }
        match fate {
            Fate::Ask => {}
            Fate::ApproveAfter(time) => self.at(after(now_ms, time), &reference, Step::Answer(true)),
            Fate::DeclineAfter(time) => self.at(after(now_ms, time), &reference, Step::Answer(false)),
            Fate::Play(scenes) => {
                let mut at_ms = now_ms;
                for scene in scenes {
                    at_ms = after(at_ms, scene.after);
                    self.at(at_ms, &reference, Step::Play(scene));
                }
            }
        }
        true
    }

    fn at(&mut self, at_ms: i64, reference: &str, step: Step) {
        self.next_step += 1;
        self.due.insert((at_ms, self.next_step), (reference.to_owned(), step));
    }

    /// When something happens by itself next.
    pub(super) fn next_due(&self) -> Option<i64> {
        self.due.first_key_value().map(|((at_ms, _), _)| *at_ms)
    }

    /// Lets happen what is due, each at its own time.
    pub(super) fn settle(&mut self, rules: Rules<'_>, now_ms: i64) {
        while self.next_due().is_some_and(|at_ms| at_ms <= now_ms) {
            let Some(((at_ms, _), (reference, step))) = self.due.pop_first() else { return };
            self.step(&reference, step, rules, at_ms);
        }
    }

    fn step(&mut self, reference: &str, step: Step, rules: Rules<'_>, at_ms: i64) {
        let Some(payment) = self.payments.get_mut(reference) else { return };
        let waits = payment.waits();
        match step {
            Step::Expire if waits => {
                self.fail(reference, &rules.knobs.expiry_reason, rules, at_ms);
                if let Some(late) = rules.knobs.late_success_after {
                    self.at(after(at_ms, late), reference, Step::SucceedLate);
                }
            }
            Step::Answer(true) if waits => self.approve(reference, rules, at_ms),
            Step::Answer(false) if waits => self.fail(reference, "APPROVAL_REJECTED", rules, at_ms),
            Step::ShowSuccess if payment.stage == Stage::Settling => {
                self.show_success(reference, rules, at_ms);
            }
            Step::SucceedLate if !payment.moved => self.succeed(reference, rules, at_ms),
            Step::Play(scene) if !payment.moved => match scene.status.as_str() {
                "SUCCESSFUL" => self.succeed(reference, rules, at_ms),
                "FAILED" => {
                    let reason = scene.reason.as_deref().unwrap_or("INTERNAL_PROCESSING_ERROR");
                    self.fail(reference, reason, rules, at_ms);
                }
                word => payment.status = Some(word.to_owned()),
            },
            _ => {}
        }
    }

    /// The person says yes or no on the phone.
    pub(super) fn answer(
        &mut self,
        which: &str,
        yes: bool,
        rules: Rules<'_>,
        now_ms: i64,
    ) -> anyhow::Result<String> {
        let reference = self.waiting(which)?;
        if yes {
            self.approve(&reference, rules, now_ms);
        } else {
            self.fail(&reference, "APPROVAL_REJECTED", rules, now_ms);
        }
        Ok(reference)
    }

    /// The waiting request with this reference, or the newest of this payer.
    fn waiting(&self, which: &str) -> anyhow::Result<String> {
        let which = which.to_ascii_lowercase();
        if let Some(payment) = self.payments.get(&which) {
            if !payment.waits() {
                bail!(
                    "{which} has no prompt; its status is {}",
                    payment.status.as_deref().unwrap_or("PENDING")
                );
            }
            return Ok(which);
        }
        let mut newest = self.order.iter().rev().filter_map(|reference| self.payments.get(reference));
        let found = newest.find(|payment| payment.ask.payer == which && payment.waits());
        let found = found.with_context(|| format!("no prompt waits for {which}"))?;
        Ok(found.ask.reference.clone())
    }

    fn approve(&mut self, reference: &str, rules: Rules<'_>, at_ms: i64) {
        let Some(payment) = self.payments.get(reference) else { return };
        if rules.knobs.low_balance.contains(&payment.ask.payer) {
            return self.fail(reference, &rules.knobs.low_balance_reason, rules, at_ms);
        }
        if rules.knobs.status_lag.is_zero() {
            return self.succeed(reference, rules, at_ms);
        }
        self.move_money(reference, rules, at_ms);
        if rules.knobs.callbacks.early {
            self.call_back(reference, rules);
        }
        self.at(after(at_ms, rules.knobs.status_lag), reference, Step::ShowSuccess);
    }

    /// Makes any payment successful whose money has not moved.
    pub(super) fn force(&mut self, reference: &str, rules: Rules<'_>, now_ms: i64) -> anyhow::Result<()> {
        let payment = self.payments.get(reference).with_context(|| format!("no payment {reference}"))?;
        if payment.moved {
            bail!("{reference} is paid already");
        }
        self.succeed(reference, rules, now_ms);
        Ok(())
    }

    /// Ends a payment as failed, or shows another word; what has been paid stays paid.
    pub(super) fn show(
        &mut self,
        reference: &str,
        status: &str,
        reason: Option<&str>,
        rules: Rules<'_>,
        now_ms: i64,
    ) -> anyhow::Result<()> {
        let payment = self.payments.get_mut(reference).with_context(|| format!("no payment {reference}"))?;
        if payment.moved {
            bail!("{reference} is paid already");
        }
        if status == "FAILED" {
            self.fail(reference, reason.unwrap_or("INTERNAL_PROCESSING_ERROR"), rules, now_ms);
        } else {
            payment.status = Some(status.to_owned());
        }
        Ok(())
    }

    fn succeed(&mut self, reference: &str, rules: Rules<'_>, at_ms: i64) {
        self.move_money(reference, rules, at_ms);
        self.show_success(reference, rules, at_ms);
    }

    fn move_money(&mut self, reference: &str, rules: Rules<'_>, at_ms: i64) {
        let Some(payment) = self.payments.get_mut(reference) else { return };
        payment.moved = true;
        payment.stage = Stage::Settling;
        let Ask { payer, amount, external_id, .. } = &payment.ask;
        let (amount, number) = (*amount, payment.number);
        self.ledger.enter(
            &Paid { reference: Some(reference), payer, amount, external_id, number },
            rules,
            at_ms,
        );
        self.version += 1;
    }

    fn show_success(&mut self, reference: &str, rules: Rules<'_>, at_ms: i64) {
        let Some(payment) = self.payments.get_mut(reference) else { return };
        payment.stage = Stage::Apart;
        payment.status = Some("SUCCESSFUL".to_owned());
        payment.reason = None;
        payment.ended_ms = Some(at_ms);
        self.call_back(reference, rules);
    }

    fn fail(&mut self, reference: &str, reason: &str, rules: Rules<'_>, at_ms: i64) {
        let Some(payment) = self.payments.get_mut(reference) else { return };
        payment.stage = Stage::Apart;
        payment.status = Some("FAILED".to_owned());
        payment.reason = Some(reason.to_owned());
        payment.ended_ms = Some(at_ms);
        self.ledger.tell_failure(&payment.ask.payer, payment.ask.amount, reason, rules, at_ms);
        self.version += 1;
        self.call_back(reference, rules);
    }

    /// Somebody pays without any request. The transaction's id.
    pub(super) fn pay_in(
        &mut self,
        payer: &str,
        amount: Amount,
        external_id: &str,
        rules: Rules<'_>,
        now_ms: i64,
    ) -> String {
        self.next_number += 1;
        let number = self.next_number;
        self.ledger.enter(&Paid { reference: None, payer, amount, external_id, number }, rules, now_ms);
        self.version += 1;
        number.to_string()
    }

    /// Leaves the one callback of a payment in the outbox, if it has not gone yet.
    fn call_back(&mut self, reference: &str, rules: Rules<'_>) {
        let Some(payment) = self.payments.get_mut(reference) else { return };
        let Some(url) = payment.ask.callback_url.clone().filter(|_| !payment.called_back) else { return };
        payment.called_back = true;
        // An early callback tells the end that the status does not show yet.
        let word = if payment.moved { "SUCCESSFUL" } else { payment.word(rules.knobs) };
        let body = payment.body_saying(word, payment.reason.as_deref(), rules.knobs);
        self.outbox.push(Due { url, body });
    }

    pub(super) fn payment(&mut self, reference: &str) -> Option<&mut Payment> {
        self.payments.get_mut(reference)
    }

    /// In the order in which they were taken.
    pub(super) fn payments(&self) -> impl DoubleEndedIterator<Item = &Payment> {
        self.order.iter().filter_map(|reference| self.payments.get(reference))
    }

    /// Newest first.
    pub(super) fn prompts(&self, account: &MomoAccount) -> Vec<MomoPrompt> {
        self.payments().rev().filter_map(|payment| payment.prompt(account)).collect()
    }
}

pub(super) fn after(at_ms: i64, time: Duration) -> i64 {
    at_ms.saturating_add_unsigned(millis(time))
}
