//! Reminders that a plan ends. They ride on answers: nobody gets a message for them alone, so no channel's rule about
//! unasked messages is touched.

use alloc::vec::Vec;

use super::desk::Desk;
use crate::contact::Reminded;
use crate::contact::message::{Message, Purpose};
use crate::pay::days::{self, long_date};
use crate::pay::price::Plan;
use crate::time::{DAY, HOUR, JubaDay, Time};

/// So long after the end of a plan a reminder still makes sense.
const STALE_MS: i64 = 3 * DAY;

impl Desk<'_> {
    /// Puts a reminder behind an answer, when one is due: with the button that renews the plan in one tap.
    pub fn remind(&mut self, identity: usize) {
        let Some((plan, through)) = self.plan_that_ends() else { return };
        if !self.reminder_is_due(plan, through) {
            return;
        }
        let Some(quote) = self.quote(plan) else { return };
        let reminded = &mut self.contact.paying.reminded;
        if reminded.through != Some(through) {
            *reminded = Reminded { through: Some(through), ..Reminded::default() };
        }
        reminded.count += 1;
        reminded.last = self.now;
        let text = (self.texts.plan_ends)(&long_date(through), self.now.juba_day() > through);
        let message = Message::with_buttons(text, &[self.plan_button(quote)]);
        self.queue(identity, message, Purpose::Notice, None);
    }

    /// The plan that was paid last, and its last day.
    fn plan_that_ends(&self) -> Option<(Plan, JubaDay)> {
        let paying = &self.contact.paying;
        let (payment, period) = *paying.periods().last()?;
        Some((paying.grants.get(&payment)?.granted.plan, period.through))
    }

    fn reminder_is_due(&self, plan: Plan, through: JubaDay) -> bool {
        let rules = &self.policy.paying;
        let end = days::at_wall(JubaDay(through.0.saturating_add(1)), 0);
        let (before, after) = match plan {
            Plan::Weekly => (&rules.weekly_before_ms, &rules.weekly_after_ms),
            Plan::Monthly => (&rules.monthly_before_ms, &rules.monthly_after_ms),
        };
        let times: Vec<Time> = before
            .iter()
            .map(|ms| end.plus(-ms))
            .chain(after.iter().map(|ms| end.plus(*ms)))
            .filter(|time| *time <= self.now)
            .collect();
        let Some(latest) = times.into_iter().max() else { return false };
        let reminded = self.contact.paying.reminded;
        let (count, last) = match reminded.through {
            Some(day) if day == through => (reminded.count, reminded.last),
            _ => (0, Time::default()),
        };
        last < latest
            && count < rules.max_reminders
            && self.now.since(end) < STALE_MS
            && !self.contact.quiet
            && !self.is_night()
            && !self.human_speaks(self.now)
            && self.open_request().is_none()
            && self.contact.paying.step.is_none()
    }

    fn is_night(&self) -> bool {
        let rules = &self.policy.paying;
        let midnight = days::at_wall(self.now.juba_day(), 0);
        let hour = u32::try_from(self.now.since(midnight) / HOUR).unwrap_or(0);
        let (from, to) = (rules.quiet_from_hour, rules.quiet_to_hour);
        if from <= to { (from..to).contains(&hour) } else { hour >= from || hour < to }
    }
}
