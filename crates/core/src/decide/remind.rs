//! Reminders that a plan ends. They ride on answers, because nothing is sent unasked outside the reply window.
//!
//! Nothing renews by itself: a reminder carries one button, and that shows the summary with the known number.

use super::desk::Desk;
use crate::contact::Reminded;
use crate::contact::message::{Message, Purpose};
use crate::pay::days::{at_wall, long_date};
use crate::pay::price::{Plan, Quote};
use crate::policy::Paying as Figures;
use crate::time::{HOUR, JubaDay, Time};

impl Desk<'_> {
    /// A short message behind an answer, when a reminder is due.
    pub fn remind(&mut self, identity: usize) {
        let Some((quote, through, due)) = self.reminder_for(identity) else { return };
        let plan = quote.plan;
        let (title, until) = (self.texts.plan_title(plan), long_date(through));
        let text = if self.now.juba_day() <= through {
            (self.texts.remind_before)(title, &until)
        } else {
            (self.texts.remind_after)(title, &until)
        };
        let count = self.reminded(through).map_or(0, |it| it.count).saturating_add(1);
        self.contact.paying.reminded = Some(Reminded { through, count, due });
        let message = Message::with_buttons(text, &[self.plan_button(quote)]);
        self.queue(identity, message, Purpose::Notice, None);
    }

    /// Whether a reminder would follow an answer now.
    pub fn is_reminder_due(&self, identity: usize) -> bool {
        self.reminder_for(identity).is_some()
    }

    fn reminder_for(&self, identity: usize) -> Option<(Quote, JubaDay, Time)> {
        let may = !self.contact.quiet
            && !self.human_speaks(self.now)
            && self.open_request().is_none()
            && self.window_is_open(identity)
            && !is_quiet(&self.policy.paying, self.now);
        let (plan, through, due) = self.reminder().filter(|_| may)?;
        Some((self.quote(plan)?, through, due))
    }

    /// The plan, its last day, and the due time of the reminder that is due now and was not given.
    fn reminder(&self) -> Option<(Plan, JubaDay, Time)> {
        let paying = &self.contact.paying;
        let (payment, period) = *paying.periods().last()?;
        let granted = &paying.grants.get(&payment)?.granted;
        let through = period.through;
        let end = at_wall(JubaDay(through.0.saturating_add(1)), 0);
        let figures = &self.policy.paying;
        if self.now >= end.plus(figures.remind_until_ms) {
            return None;
        }
        let (before, after) = match granted.plan {
            Plan::Weekly => (&figures.weekly_before_ms, &figures.weekly_after_ms),
            Plan::Monthly => (&figures.monthly_before_ms, &figures.monthly_after_ms),
        };
        // What was due before the end and found no answer to ride on is worth nothing after it.
        let due = if self.now < end {
            before.iter().map(|ms| before_end(figures, end, *ms)).filter(|at| self.now >= *at).max()
        } else {
            after.iter().map(|ms| out_of_quiet(figures, end.plus(*ms))).filter(|at| self.now >= *at).max()
        }?;
        let given = self.reminded(through);
        let is_new = given.is_none_or(|it| due > it.due && it.count < figures.max_reminders);
        (is_new && figures.max_reminders > 0 && due > granted.at).then_some((granted.plan, through, due))
    }

    /// What was given of this end.
    fn reminded(&self, through: JubaDay) -> Option<Reminded> {
        self.contact.paying.reminded.filter(|it| it.through == through)
    }
}

/// When a reminder is due that is meant for `ms` before the end. A quiet hour puts it off until the morning; where
/// the plan is over by then, it comes as long before the quiet hours instead.
fn before_end(figures: &Figures, end: Time, ms: i64) -> Time {
    let meant = end.plus(ms.saturating_neg());
    let morning = out_of_quiet(figures, meant);
    if morning < end {
        return morning;
    }
    let day = end.plus(-1).juba_day();
    let evening = at_wall(day, i64::from(figures.quiet_from_hour).saturating_mul(HOUR));
    evening.min(end).plus(ms.saturating_neg()).min(meant)
}

/// This time, or the morning that ends the quiet hours in which it lies.
fn out_of_quiet(figures: &Figures, at: Time) -> Time {
    if !is_quiet(figures, at) {
        return at;
    }
    let JubaDay(day) = at.juba_day();
    let wakes = |day| at_wall(JubaDay(day), i64::from(figures.quiet_to_hour).saturating_mul(HOUR));
    let today = wakes(day);
    if today > at { today } else { wakes(day.saturating_add(1)) }
}

/// Whether clocks in Juba show a quiet hour; they may go over midnight.
fn is_quiet(figures: &Figures, at: Time) -> bool {
    let (from, to, hour) = (figures.quiet_from_hour, figures.quiet_to_hour, at.juba_hour());
    if from <= to { (from..to).contains(&hour) } else { hour >= from || hour < to }
}
