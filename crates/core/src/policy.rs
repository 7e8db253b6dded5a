//! Every figure of the service in one place, overlaid by `POLICY_FILE`.
//!
//! A TOML file names only what it changes; an unknown key is an error. `answerbot config --policy` prints all.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }
    };
}

section! {
    /// The whole policy. Times are milliseconds, lengths UTF-16 units, unless a name says otherwise.
    Policy {
        /// Questions a day.
        quota: Quota = Quota::default(),
        /// Bounds that keep one person, or one contact's row, from growing without end.
        limits: Limits = Limits::default(),
        /// How quick messages become one question.
        burst: Burst = Burst::default(),
        /// What an answer looks like.
        answers: Answers = Answers::default(),
        /// How much of the talk the AI is given.
        memory: Memory = Memory::default(),
        /// When messages are too old, and how long things are kept.
        time: Times = Times::default(),
        /// The AI call.
        ai: Ai = Ai::default(),
        /// Answers that serve more than one person.
        reuse: Reuse = Reuse::default(),
        /// What AI text may mention.
        guard: Guard = Guard::default(),
        /// Links and contacts shown to people.
        service: Service = Service::default(),
        /// Plans, payments, reminders.
        paying: Paying = Paying::default(),
    }
}

section! {
    /// Questions a day; days turn at midnight in Juba.
    Quota {
        /// Free questions of one channel identity.
        free_per_day: u32 = 3,
        /// Questions of a paying person.
        paid_per_day: u32 = 30,
    }
}

section! {
    /// Bounds; each one that is met is told once.
    Limits {
        /// Free replies a day (limit notices, help, menus), then one note, then silence.
        free_replies_per_day: u32 = 60,
        /// Calls to the AI a day for one person, retries counted: the AI tier of the rate limits.
        ai_calls_per_day: u32 = 120,
        /// Questions that may wait for their turn.
        waiting_questions: usize = 20,
        /// Longest question taken, in characters; what follows is dropped and the person told.
        question_chars: usize = 4_000,
    }
}

section! {
    /// Bursts: messages sent one after the other that make one question.
    Burst {
        /// How long a message that reads complete waits for another; 0 = each message for itself.
        /// The setting `BURST_WINDOW_MS` overrides it.
        window_ms: i64 = 1_500,
        /// A message that reads incomplete waits this many windows, anew with each one.
        short_factor: i64 = 4,
        /// Longest burst.
        total_ms: i64 = 20_000,
        /// From so many words on, a message reads complete; so does one with a question mark.
        complete_words: usize = 6,
    }
}

section! {
    /// The shape of an answer.
    Answers {
        /// Longest message with an answer.
        max_units: usize = 1_900,
        /// An answer later than this quotes its question.
        quote_after_ms: i64 = 120_000,
        /// Longest quote of a question, in characters.
        quote_chars: usize = 80,
        /// How long `more` works.
        more_for_ms: i64 = 24 * 3_600_000,
    }
}

section! {
    /// Conversation memory.
    Memory {
        /// Turns kept: a question and its answer each.
        turns: usize = 10,
        /// How long a turn is kept.
        keep_ms: i64 = 24 * 3_600_000,
        /// Longest answer remembered, in characters.
        answer_chars: usize = 1_200,
        /// The AI is given as many of the last turns as fit into so many tokens.
        tokens: u64 = 800,
    }
}

section! {
    /// Windows of time.
    Times {
        /// Younger messages are never dropped for being late.
        too_old_ms: i64 = 7 * 24 * 3_600_000,
        /// A question that arrives older than this is asked about first.
        ask_again_after_ms: i64 = 24 * 3_600_000,
        /// The platform lets us answer for this long after a person's last message (Messenger: 24 h) ...
        reply_window_ms: i64 = 24 * 3_600_000,
        /// ... and we stop this much earlier.
        reply_margin_ms: i64 = 10 * 60_000,
        /// A question written before consent is kept so long.
        kept_question_ms: i64 = 24 * 3_600_000,
        /// Questions that met the limit are kept so long ...
        limited_question_ms: i64 = 24 * 3_600_000,
        /// ... and at most so many.
        limited_questions: usize = 3,
        /// Answers kept for the next message when the window shut.
        parked_answers: usize = 3,
        /// After a person of ours wrote in the page's inbox the bot is silent so long.
        human_silence_ms: i64 = 60 * 60_000,
        /// "Delete my data" is confirmed within this time.
        forget_confirm_ms: i64 = 60 * 60_000,
        /// A send whose fate is unknown waits so long for its echo before it is repeated once.
        unknown_send_ms: i64 = 60_000,
        /// Deadline of one send; longer is unknown.
        send_deadline_ms: i64 = 15_000,
    }
}

section! {
    /// The AI call.
    Ai {
        /// Longest answer in tokens; the setting `MAX_TOKENS` overrides it.
        max_tokens: u32 = 400,
        /// All attempts at one question before the person is told, together.
        deadline_ms: i64 = 25_000,
        /// One provider's attempt; the rest is left for the next one.
        attempt_ms: i64 = 15_000,
        /// The first words of an answer come within this time ...
        first_ms: i64 = 8_000,
        /// ... and between two pieces of it passes no more than this.
        idle_ms: i64 = 5_000,
        /// An answer that took longer counts against its provider.
        slow_ms: i64 = 10_000,
        /// Connecting to a provider.
        connect_ms: i64 = 3_000,
        /// No attempt starts with less time left.
        least_ms: i64 = 4_000,
        /// Words asked for; 0 asks for no length.
        words: u32 = 100,
        /// Easy questions go to the cheap model; false asks the usual one about everything.
        routing: bool = true,
        /// Only a question that refers back is asked with the talk so far; false adds it to every question.
        history_by_need: bool = true,
        /// Replaces the built-in system prompt; the setting `SYSTEM_PROMPT` overrides it.
        system_prompt: Option<String> = None,
        /// What may be spent.
        budget: Budget = Budget::default(),
    }
}

section! {
    /// Caps on what the AI costs, in millionths of a US dollar. None is no cap; 0 is nothing.
    Budget {
        /// A day of Juba, all people together; the setting `AI_DAILY_BUDGET_USD` overrides it.
        day_micro_usd: Option<u64> = None,
        /// A month of Juba; the setting `AI_MONTHLY_BUDGET_USD` overrides it.
        month_micro_usd: Option<u64> = None,
        /// One person on one day; the setting `AI_PERSON_DAILY_BUDGET_USD` overrides it.
        person_day_micro_usd: Option<u64> = None,
        /// Free questions may use so much of a cap.
        free_percent: u32 = 70,
        /// From so much of a cap on the cheap model answers.
        thrifty_percent: u32 = 80,
    }
}

section! {
    /// Answers that serve more than one person.
    Reuse {
        /// Answers that a person wrote and another approved.
        curated: bool = true,
        /// Answers to questions that were asked before in other words of the same meaning.
        shared: bool = true,
        /// Who asks what somebody is asking just now waits for that answer.
        single_flight: bool = true,
        /// Answers of one person's questions that are kept, a day: nobody fills what all share.
        new_per_person_per_day: u32 = 20,
        /// One person takes so many shared answers a day away from all; further words are only noted.
        withdrawals_per_person_per_day: u32 = 5,
        /// When no provider answers, an answer so long past its time is better than none.
        stale_ms: i64 = 7 * 24 * 3_600_000,
        /// Of a thousand answers given again to other words, so many are asked anew and compared.
        checks_per_mille: u32 = 30,
        /// Sharing ends for a subject when so many of ten thousand may be wrong, with 95 % certainty.
        wrong_per_myriad: u32 = 100,
        /// Sharing begins as if so many hits had been checked and none was wrong. A prior, not a measurement: 88 accepted
        /// pairs were read by hand without finding a wrong one, and 7,408 made-up ones are refused (docs/cache.md).
        presumed_right: u32 = 600,
        /// Moves when the facts change that answers rest on: none of the old ones is served.
        knowledge_version: String = String::from("1"),
        /// Every so many answers a person is asked whether it helped; 0 never.
        ask_every: u32 = 5,
    }
}

section! {
    /// What AI text may mention; everything else of its kind is taken out.
    Guard {
        /// Hosts that may appear as links, subdomains included.
        hosts: Vec<String> = Vec::new(),
        /// Phone numbers and USSD codes that may appear, as digits (with `*` and `#`).
        numbers: Vec<String> = Vec::new(),
    }
}

section! {
    /// What people are shown about the service; set from the settings at start.
    Service {
        /// The terms, as a link.
        terms_url: Option<String> = None,
        /// Version of the terms that consent is stored with.
        terms_version: u32 = 1,
        /// What a person who wants a human is shown: a number, an address; `SUPPORT_CONTACT`.
        support_contact: Option<String> = None,
    }
}

section! {
    /// Paying. Prices stand in the price book, not here.
    Paying {
        /// Days of a weekly plan.
        weekly_days: u32 = 7,
        /// Days of a monthly plan.
        monthly_days: u32 = 30,
        /// How MTN's numbers in South Sudan begin, without the leading 0.
        mtn_prefixes: Vec<String> = vec![String::from("92"), String::from("99")],
        /// A request may be on the phone so long (MTN: 5 min); then nothing happened.
        prompt_window_ms: i64 = 6 * 60_000,
        /// A request is sent to MTN within this time after the person asked for it, or not at all.
        send_within_ms: i64 = 2 * 60_000,
        /// When MTN is asked how a payment stands, after it was asked for the money; the last one is the end.
        polls_ms: Vec<i64> = vec![
            5_000, 10_000, 20_000, 40_000, 60_000, 120_000, 180_000, 240_000, 300_000, 360_000, 600_000, 1_800_000,
            3_600_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000, 259_200_000, 345_600_000, 432_000_000,
            518_400_000, 604_800_000,
        ],
        /// The same for one that MTN ended or knows nothing of: such money has come all the same.
        soft_polls_ms: Vec<i64> = vec![600_000, 3_600_000, 86_400_000],
        /// When the schedule is over and MTN did not answer the last time, it is asked again after this.
        unheard_poll_ms: i64 = 24 * 3_600_000,
        /// A callback, or a person who says that they paid, makes us ask at once, but not more often than this.
        nudge_apart_ms: i64 = 5_000,
        /// "I know no such payment" is believed after so many answers ...
        missing_polls: u32 = 5,
        /// ... over this long.
        missing_after_ms: i64 = 15 * 60_000,
        /// Longest call to MTN.
        call_deadline_ms: i64 = 30_000,
        /// A shown price is charged so long.
        quote_ms: i64 = 15 * 60_000,
        /// Requests a day to one paying number.
        requests_per_payer_per_day: u32 = 3,
        /// After so many declines in a row a paying number is left alone ...
        declines: u32 = 2,
        /// ... for this long.
        declines_pause_ms: i64 = 24 * 3_600_000,
        /// Different paying numbers that one person may name in seven days.
        numbers_per_week: u32 = 3,
        /// `status` tells the payments of so many days.
        grant_history_days: u32 = 7,
        /// No reminder from this hour in Juba on ...
        quiet_from_hour: u32 = 21,
        /// ... until this one.
        quiet_to_hour: u32 = 7,
        /// Reminders of a weekly plan before its end.
        weekly_before_ms: Vec<i64> = vec![24 * 3_600_000, 2 * 3_600_000],
        /// Reminders of a weekly plan after its end.
        weekly_after_ms: Vec<i64> = vec![12 * 3_600_000],
        /// Reminders of a monthly plan before its end.
        monthly_before_ms: Vec<i64> = vec![72 * 3_600_000, 24 * 3_600_000],
        /// Reminders of a monthly plan after its end.
        monthly_after_ms: Vec<i64> = vec![24 * 3_600_000],
        /// Reminders of one plan's end, together.
        max_reminders: u32 = 3,
        /// So long after the end of a plan nobody is reminded of it any more.
        remind_until_ms: i64 = 7 * 24 * 3_600_000,
    }
}
