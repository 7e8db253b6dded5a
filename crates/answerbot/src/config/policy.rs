//! The policy: built in, overlaid by `POLICY_FILE`, then by the settings that have names of their own.

use answerbot_core::Policy;

use super::raw::Raw;

/// Reads the policy. Faults are added to `faults`; the built-in figures stand in meanwhile.
pub(super) fn read(raw: &Raw, terms_url: Option<String>, faults: &mut Vec<String>) -> Policy {
    let mut policy = raw.get("POLICY_FILE").map_or_else(Policy::default, |path| from_file(path, faults));
    let mut number = |name: &str, from: i64, to: i64| -> Option<i64> {
        let text = raw.get(name)?;
        let value = text.parse().ok().filter(|value| (from..=to).contains(value));
        if value.is_none() {
            faults.push(format!(
                "{name} is \"{text}\", but it is a whole number from {from} to {to}, such as {from}."
            ));
        }
        value
    };
    if let Some(ms) = number("BURST_WINDOW_MS", 0, 20_000) {
        policy.burst.window_ms = ms;
    }
    if let Some(tokens) = number("MAX_TOKENS", 16, 4_000).and_then(|it| u32::try_from(it).ok()) {
        policy.ai.max_tokens = tokens;
    }
    let mut dollars = |name: &str| -> Option<u64> {
        let text = raw.get(name)?;
        let value = text.parse::<f64>().ok().filter(|usd| usd.is_finite() && (0.0..=1e6).contains(usd));
        if value.is_none() {
            faults.push(format!("{name} is \"{text}\", but it is an amount in US dollars, such as 5 or 2.50; 0 spends nothing."));
        }
        // A cap is rounded down.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
        value.map(|usd| (usd * 1e6 + 1e-3) as u64)
    };
    let caps = &mut policy.ai.budget;
    for (name, cap) in [
        ("AI_DAILY_BUDGET_USD", &mut caps.day_micro_usd),
        ("AI_MONTHLY_BUDGET_USD", &mut caps.month_micro_usd),
        ("AI_PERSON_DAILY_BUDGET_USD", &mut caps.person_day_micro_usd),
    ] {
        if let Some(micro) = dollars(name) {
            *cap = Some(micro);
        }
    }
    if let Some(prompt) = raw.get("SYSTEM_PROMPT") {
        policy.ai.system_prompt = Some(prompt.to_owned());
    }
    if let Some(contact) = raw.get("SUPPORT_CONTACT") {
        policy.service.support_contact = Some(contact.to_owned());
    }
    policy.service.terms_url = policy.service.terms_url.or(terms_url);
    policy
}

fn from_file(path: &str, faults: &mut Vec<String>) -> Policy {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            faults.push(format!("POLICY_FILE names {path}, which cannot be read: {error}."));
            return Policy::default();
        }
    };
    match toml::from_str::<Policy>(&text) {
        Ok(policy) => {
            check(&policy, path, faults);
            policy
        }
        Err(error) => {
            faults.push(format!("POLICY_FILE {path} is not understood: {}", error.to_string().trim()));
            Policy::default()
        }
    }
}

/// Figures that would make the service say nothing, or the same thing for ever.
fn check(policy: &Policy, path: &str, faults: &mut Vec<String>) {
    let mut need = |holds: bool, what: &str| {
        if !holds {
            faults.push(format!("POLICY_FILE {path}: {what}."));
        }
    };
    need((0..=60_000).contains(&policy.burst.window_ms), "burst.window_ms is from 0 to 60000, such as 1500");
    need(policy.answers.max_units >= 200, "answers.max_units is at least 200, such as 1900");
    need(policy.limits.question_chars >= 20, "limits.question_chars is at least 20, such as 4000");
    need(policy.limits.waiting_questions >= 1, "limits.waiting_questions is at least 1, such as 20");
    need(
        policy.ai.deadline_ms >= policy.ai.least_ms.max(1),
        "ai.deadline_ms is at least ai.least_ms, such as 25000",
    );
    need(policy.ai.attempt_ms >= 1, "ai.attempt_ms is at least 1, such as 15000");
    need(
        policy.time.reply_window_ms > policy.time.reply_margin_ms,
        "time.reply_window_ms is longer than time.reply_margin_ms",
    );
    need(
        (1_000..=120_000).contains(&policy.time.send_deadline_ms),
        "time.send_deadline_ms is from 1000 to 120000, such as 15000",
    );
    let budget = &policy.ai.budget;
    need(
        budget.free_percent <= 100 && budget.thrifty_percent <= 100,
        "ai.budget.free_percent and thrifty_percent are from 0 to 100, such as 70 and 80",
    );
    need(policy.reuse.checks_per_mille <= 1_000, "reuse.checks_per_mille is from 0 to 1000, such as 30");
    need(policy.reuse.stale_ms >= 0, "reuse.stale_ms is at least 0, such as 604800000");
    let paying = &policy.paying;
    need(
        paying.weekly_days >= 1 && paying.monthly_days >= 1,
        "paying.weekly_days and monthly_days are at least 1, such as 7 and 30",
    );
    need(
        paying.mtn_prefixes.iter().any(|it| !it.trim_start_matches('0').is_empty()),
        "paying.mtn_prefixes names at least one prefix, such as \"92\"",
    );
    need(
        paying.quiet_from_hour <= 23 && paying.quiet_to_hour <= 23,
        "paying.quiet_from_hour and quiet_to_hour are hours from 0 to 23, such as 21 and 7",
    );
    need(
        (1_000..=120_000).contains(&paying.call_deadline_ms),
        "paying.call_deadline_ms is from 1000 to 120000, such as 30000",
    );
    need(
        paying.prompt_window_ms >= 1 && paying.send_within_ms >= 1 && paying.quote_ms >= 1,
        "paying.prompt_window_ms, send_within_ms and quote_ms are at least 1, such as 360000, 120000 and 900000",
    );
    need(
        is_rising(&paying.polls_ms) && is_rising(&paying.soft_polls_ms),
        "paying.polls_ms and soft_polls_ms are rising times, such as [5000, 10000]",
    );
    need(paying.nudge_apart_ms >= 0, "paying.nudge_apart_ms is at least 0, such as 5000");
    need(paying.unheard_poll_ms >= 1_000, "paying.unheard_poll_ms is at least 1000, such as 86400000");
}

/// Polls that end before they begin would leave money unseen.
fn is_rising(times: &[i64]) -> bool {
    times.first().is_some_and(|it| *it > 0) && times.is_sorted_by(|a, b| a < b)
}
