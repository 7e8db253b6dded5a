use answerbot_core::Policy;

/// No quota, no bursts, and no checks, which are drawn by chance: each message is a question, and each is answered.
#[must_use]
pub fn unlimited() -> Policy {
    let mut policy = Policy::default();
    policy.burst.window_ms = 0;
    policy.quota.free_per_day = 1_000_000;
    policy.limits.free_replies_per_day = 1_000_000;
    policy.limits.ai_calls_per_day = 1_000_000;
    policy.limits.waiting_questions = 1_000;
    policy.reuse.checks_per_mille = 0;
    policy
}
