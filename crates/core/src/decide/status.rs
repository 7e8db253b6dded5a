//! `status`: questions left, the plan's end, and the payments of the last days in words.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::desk::Desk;
use crate::contact::message::Message;
use crate::contact::{Grant, Request, Standing};
use crate::pay::days::{long_date, short_date};
use crate::texts::{PaymentLine, Stands};
use crate::time::{DAY, Time};

/// Payments that are told, the newest ones.
const MOST: usize = 5;

impl Desk<'_> {
    pub fn show_status(&mut self, identity: usize) {
        let text = self.status_text(identity);
        if self.history().is_empty() {
            self.say(identity, text);
        } else {
            self.reply_money(identity, Message::plain(text));
        }
    }

    /// Questions left, the plan's end, what waits, and the payments of the last days.
    pub fn status_text(&self, identity: usize) -> String {
        let mut text = self.questions_text(identity);
        let waiting = self.contact.waiting.len()
            + self.contact.retrying.len()
            + usize::from(self.contact.asking.is_some());
        if waiting > 0 {
            text.push(' ');
            text.push_str(&(self.texts.status_waiting)(waiting));
        }
        let history = self.history();
        if !history.is_empty() {
            text.push('\n');
            text.push_str(&(self.texts.status_payments)(self.policy.paying.grant_history_days));
        }
        for line in history {
            text.push('\n');
            text.push_str(&line);
        }
        text
    }

    fn questions_text(&self, identity: usize) -> String {
        let day = self.now.juba_day();
        let quota = &self.policy.quota;
        if let Some(until) = self.plan_end() {
            let left = quota.paid_per_day.saturating_sub(self.contact.paying.used.on(day));
            return (self.texts.status_paid)(left, quota.paid_per_day, &until);
        }
        let used = self.contact.identities.get(identity).map_or(0, |it| it.free.on(day));
        (self.texts.status_free)(quota.free_per_day.saturating_sub(used), quota.free_per_day)
    }

    /// The last day of the plan that runs, for people.
    pub fn plan_end(&self) -> Option<String> {
        let through = self.contact.paying.through()?;
        (self.now.juba_day() <= through).then(|| long_date(through))
    }

    /// The payments of the last days, the newest first, a line each.
    pub fn history(&self) -> Vec<String> {
        let paying = &self.contact.paying;
        let kept = i64::from(self.policy.paying.grant_history_days).saturating_mul(DAY);
        let is_young = |at: Time| self.now.since(at) < kept;
        let is_asked = |payment| paying.requests.iter().any(|it| it.payment == payment);
        let asked = paying.requests.iter().map(|it| (it.at, self.line_of(it)));
        // One whose request is not known any more, or was never ours, stands by its grant.
        let granted = paying.grants.iter().filter(|(payment, _)| !is_asked(**payment));
        let granted = granted.map(|(_, it)| (it.granted.at, self.granted_line(it, it.granted.at)));
        let mut lines: Vec<_> = asked.chain(granted).filter(|(at, _)| is_young(*at)).collect();
        lines.sort_by(|(one, _), (other, _)| other.cmp(one));
        lines.into_iter().take(MOST).map(|(_, line)| line).collect()
    }

    fn line_of(&self, request: &Request) -> String {
        if let Some(grant) = self.contact.paying.grants.get(&request.payment) {
            return self.granted_line(grant, request.at);
        }
        let waits = matches!(request.stands, Standing::Asked | Standing::Prompted);
        let is_over = self.now.since(request.at) >= self.policy.paying.prompt_window_ms;
        let stands = if waits && is_over { Standing::Expired } else { request.stands };
        let price = request.price.map(|it| it.to_string());
        self.line(request.at, self.texts.plan_title(request.plan), price.as_deref(), Stands::Not(stands))
    }

    fn granted_line(&self, grant: &Grant, at: Time) -> String {
        let it = &grant.granted;
        let stands = match grant {
            _ if it.gift => Stands::Gift { days: it.days },
            _ if grant.refunded => Stands::GivenBack,
            _ => Stands::Paid { code: &it.code },
        };
        self.line(at, self.texts.plan_title(it.plan), Some(&it.price.to_string()), stands)
    }

    fn line(&self, at: Time, plan: &str, price: Option<&str>, stands: Stands<'_>) -> String {
        (self.texts.status_payment)(&PaymentLine { day: &short_date(at.juba_day()), plan, price, stands })
    }
}
