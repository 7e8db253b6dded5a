//! English. Written for a phone: short, warm, plain.

use alloc::format;
use alloc::string::{String, ToString};

use super::{PaymentLine, Receipt, Stands, Texts};
use crate::contact::Standing;
use crate::pay::payer::Refusal;
use crate::pay::payment::Failure;

/// English.
pub static ENGLISH: Texts = Texts {
    start,
    agree_button: "I agree",
    agree_first: "Please tap \"I agree\" or type yes. Then I answer you.",
    agreed: "Thank you! Now ask me anything: school, business, farming, health, daily life.",
    agreed_already: "You have already agreed. Ask me anything.",
    help,
    menu: "What do you need? You can also just type your question.",
    menu_buttons: ["My status", "My region", "Help"],
    plans_button: "Subscribe",
    status_free,
    status_waiting,
    status_paid,
    status_payments,
    status_payment,
    limit_offer,
    limit_paying,
    limit_paid,
    plans,
    plan_titles: ["Weekly", "Monthly"],
    pay_ask_number: "Which MTN number pays? Type it, for example 092 123 4567. Never type your PIN here.",
    pay_bad_number: "That is not a phone number of South Sudan. Type it like 092 123 4567.",
    pay_not_mtn: "This is not MTN. Type the MTN number of someone who agreed to pay.",
    pay_summary,
    pay_buttons: ["Pay now", "Another number"],
    pay_asking: "I am asking MTN now. Keep the phone in your hand.",
    pay_too_many_numbers: "You named several numbers this week. Use one of them, or try again in some days.",
    pay_left: "Cancelled. Nothing was charged.",
    complaint: "I am sorry. I am asking MTN about your payment now. If the money came, it counts and I tell you at once.",
    complaint_known: "I am sorry for the trouble. This is what I know.",
    complaint_none: "I am sorry. I see no payment from you in the last days. If you paid, talk to a person of ours.",
    human_button: "Talk to a person",
    no_receipt: "There is no payment yet. Type subscribe to see the plans.",
    receipt,
    remind_before,
    remind_after,
    pay_prompted: "Look at the phone of the payer now. MTN asks for the MoMo PIN there; enter it only in MTN's window. I never ask for it.",
    pay_expired: "Nothing happened on the phone in time. If you approved it, it still counts and I will tell you. Else type subscribe to try again.",
    pay_cancelled: "Cancelled. Nothing was charged.",
    pay_cancelled_open: "Cancelled. Do not enter your PIN. If you did, it counts.",
    pay_abandoned: "MTN has no such payment. You were not charged. Type subscribe to try again.",
    pay_review: "Money came that does not fit the order. A person of ours looks at it now. Nothing is lost. Type human to reach us.",
    pay_gift,
    merged,
    pay_given_back: "Your money was given back. It bought nothing, so no day is gone.",
    pay_refunded: "Your money was given back. The days of that payment are gone.",
    pay_declined: "The request was declined on the phone. You were not charged. If that was a mistake, type subscribe.",
    pay_not_approved: "The request ran out before the PIN was entered. You were not charged. Keep the phone in your hand and type subscribe.",
    pay_no_funds: "MTN could not take the money. Mostly the balance is too low, fees included. Add money to MoMo, then type subscribe. You were not charged.",
    pay_limit: "That number has reached its limit at MTN for now. Try another MTN number, or try again tomorrow. You were not charged.",
    pay_no_account: "That number has no active MoMo account. You were not charged. Type subscribe and give another MTN number.",
    pay_our_fault: "Something is wrong on our side and our team knows. You were not charged. Please try again later.",
    pay_trouble: "MoMo is having trouble. You have not been charged. Please try again in a while.",
    pay_not_sent: "I could not reach MoMo in time, so nothing was sent. You were not charged. Type subscribe to try again.",
    pay_other: "MTN did not take the payment. You were not charged. Type subscribe to try again, or human to reach us.",
    pay_declined_twice,
    pay_again_at,
    pay_again_tomorrow: "That number had enough requests today. Try again tomorrow, or type subscribe and give another MTN number.",
    paying_soon: "Paying for more questions with MTN MoMo comes soon. Today your free questions work as usual.",
    number_not_needed: "I do not need your phone number now. Never send anyone your PIN. What do you want to know?",
    region_ask: "Where do you live? Then my answers fit your place better.",
    region_buttons: ["Juba", "Wau", "Malakal", "Elsewhere", "Skip"],
    region_set,
    region_skipped: "No problem. Ask me anything.",
    language_ask: "Which language do you want for my answers?",
    language_buttons: ["Same as my question", "English", "Arabic", "Juba Arabic"],
    language_set: "Good. I will answer like that.",
    no_more: "That was the whole answer. Ask me anything.",
    more_hint: "(Type MORE for the rest.)",
    more_button: "More",
    human,
    nothing_to_cancel,
    forget_cancelled: "Good, nothing was deleted.",
    stopped: "I will not write to you first any more. I still answer your questions. Type START to undo this.",
    started: "I am here. Ask me anything.",
    forget_ask,
    forget_buttons: ["Delete all", "Keep"],
    forgotten: "Done. Your data is deleted. Write again any time to start new.",
    greeting: "Hello! What do you want to know?",
    welcome: "You are welcome. Ask me anything, any time.",
    okay: "Okay. Ask me anything, any time.",
    nothing: "Please write your question in words.",
    digits: "Please write it in a sentence.",
    pin: "Never send your PIN. Enter it only in MTN's window. Delete that message.",
    sticker: "Thank you! Write me your question in words and I answer.",
    image: "I cannot see pictures yet. Please describe in words what you want to know.",
    voice: "I cannot listen to voice notes yet. Please write your question in a few words.",
    video: "I cannot watch videos yet. Please write your question in words.",
    file: "I cannot open files yet. Please copy the part you need into a message.",
    location: "Thank you. I cannot read maps yet. Please write the name of the place and your question.",
    other_media: "I can only read text. Please write your question in words.",
    limit,
    last_reply: "You wrote a lot today, so I am quiet until midnight. I still answer the questions you have left, and what is about paying or danger to life.",
    too_many_waiting: "You have many questions waiting. Please wait for my answers, then send this one again.",
    overflow: "You sent more messages than I can keep. Please wait for my answers, then send the rest again.",
    ai_limit: "You asked very often today. It costs you no question. Please try again after midnight.",
    cut_question,
    older_answer: "(This answer is from some days ago. I could not get a new one now.)",
    rate_buttons: ["Good answer", "Wrong answer"],
    rated_good: "Thank you! I am glad it helped.",
    rated_wrong: "Thank you for telling me. Ask again and I will try anew.",
    rated_wrong_for_all: "Thank you for telling me. Nobody else gets that answer. Ask again and I will try anew.",
    apology: "Sorry, I cannot answer right now. I keep trying and will write to you. It costs you no question.",
    refusal: "I cannot help with that one. It costs you no question. Please ask something else.",
    gave_up,
    quote,
    still_want,
    still_want_buttons: ["Yes", "No"],
    dropped: "Good, I leave it. Ask me anything.",
    danger: "This can be dangerous. Go to the nearest hospital or health centre now. Do not wait. \
             Ask someone near you to help you get there. You are not alone.",
    no_danger_button: "It is a question",
    number_removed: "[number removed]",
    link_removed: "[link removed]",
};

fn start(terms_url: Option<&str>) -> String {
    let terms = terms_url.map(|url| format!(" Terms: {url}")).unwrap_or_default();
    format!(
        "Hello! I am Answer Bot, an automated assistant: a computer, not a person. Ask me about school, business, \
         farming, health or daily life. I can be wrong, so check what matters. I keep our last messages for a day. \
         Type \"delete my data\" to erase them.{terms} To start, tap \"I agree\" or type yes."
    )
}

fn help(free: u32, paid: u32, sold: bool) -> String {
    let (plan, words) =
        if sold { ("with a plan", "subscribe, receipt, ") } else { ("with a plan it will be", "") };
    format!(
        "Type a question and I answer. {free} questions a day are free; {plan} {paid} a day.\n\
         Words you can type: menu, status, {words}region, more, human, stop, start, cancel, delete my data.\n\
         I can be wrong. For health, law and money ask a person you trust too. I never ask for your PIN."
    )
}

fn status_free(left: u32, limit: u32) -> String {
    match left {
        0 => format!("You have used your {limit} free questions of today. New ones come at midnight."),
        1 => format!("You have 1 of {limit} free questions left today. New ones come at midnight."),
        _ => format!("You have {left} of {limit} free questions left today. New ones come at midnight."),
    }
}

fn status_paid(left: u32, limit: u32, until: &str) -> String {
    let plural = if left == 1 { "question" } else { "questions" };
    format!(
        "You have {left} of {limit} {plural} left today. Your plan ends on {until}. It does not renew by itself."
    )
}

fn status_payments(days: u32) -> String {
    format!("Your payments of the last {days} days:")
}

fn status_payment(it: &PaymentLine<'_>) -> String {
    let price = it.price.map(|price| format!(" {price}")).unwrap_or_default();
    let stands = match it.stands {
        Stands::Paid { code } => format!("paid, receipt {code}."),
        Stands::GivenBack => "given back.".to_string(),
        Stands::Gift { days } => return format!("{} a gift of our team: {days} days.", it.day),
        Stands::Not(standing) => standing_words(standing).to_string(),
    };
    format!("{} {}{price}: {stands}", it.day, it.plan)
}

const fn standing_words(standing: Standing) -> &'static str {
    match standing {
        Standing::Asked => "I am asking MTN.",
        Standing::Prompted => "waiting for the PIN on the phone.",
        Standing::Expired => "nothing happened yet; a late approval still counts.",
        Standing::Failed(why) => why_words(why),
        Standing::Cancelled { prompted: true } => "cancelled; if the PIN was entered, it counts.",
        Standing::Cancelled { prompted: false } => "cancelled, not charged.",
        Standing::Abandoned => "not charged; MTN has no such payment.",
        Standing::GivenBack => "given back.",
        Standing::Review => "money came that does not fit; a person of ours looks at it.",
    }
}

const fn why_words(why: Failure) -> &'static str {
    match why {
        Failure::Declined => "not paid; declined on the phone.",
        Failure::NotApproved => "not paid; the PIN was not entered in time.",
        Failure::NoFunds => "not paid; mostly the balance is too low.",
        Failure::Limit => "not paid; the number's limit at MTN was reached.",
        Failure::NoAccount => "not paid; the number has no active MoMo account.",
        Failure::OurFault => "not paid; something was wrong on our side.",
        Failure::Trouble => "not paid; MoMo had trouble.",
        Failure::NotSent => "not paid; MoMo could not be reached.",
        Failure::Other => "not paid; MTN did not take it.",
        Failure::Refused(Refusal::Open { .. }) => "not sent; an earlier request was open.",
        Failure::Refused(Refusal::Declined { .. }) => "not sent; the number had declined twice.",
        Failure::Refused(Refusal::Today) => "not sent; the number had enough requests that day.",
    }
}

fn limit_offer(free: u32, paid: u32) -> String {
    format!(
        "You have used your {free} free questions of today. New ones come at midnight. I keep this question for a day \
         and answer it first when you have a plan: {paid} questions a day, paid with MTN MoMo. It does not renew by itself."
    )
}

fn limit_paying(free: u32) -> String {
    format!(
        "You have used your {free} free questions of today. I keep this question and answer it first when your payment has come."
    )
}

fn limit_paid(limit: u32) -> String {
    format!(
        "You have used your {limit} questions of today. New ones come at midnight. I keep this question for a day."
    )
}

fn receipt(it: &Receipt<'_>) -> String {
    let hello =
        if it.late { "Your payment arrived late, and it counts. Thank you!" } else { "Paid. Thank you!" };
    let mtn = it.mtn_id.map(|id| format!(", MTN {id}")).unwrap_or_default();
    let gift = it.gift.map(|day| format!(" The rest of {day} is a gift.")).unwrap_or_default();
    format!(
        "{hello}\n{} plan, {} questions a day, from {} to {}.{gift}\nReceipt {}: {}{mtn}.",
        it.plan, it.questions, it.from, it.until, it.code, it.price
    )
}

fn pay_gift(days: u32, until: &str) -> String {
    let plural = if days == 1 { "day" } else { "days" };
    format!("Our team gives you {days} {plural} as a gift. Your plan runs until {until}. Ask me anything.")
}

fn merged(until: Option<&str>) -> String {
    let until = until.map(|it| format!(" Your plan runs until {it}.")).unwrap_or_default();
    format!("Our team has joined your two accounts. What you paid counts here.{until}")
}

fn remind_before(plan: &str, until: &str) -> String {
    format!(
        "Your plan ({plan}) ends on {until} at midnight. It does not renew by itself. To go on, tap here:"
    )
}

fn remind_after(plan: &str, until: &str) -> String {
    format!("Your plan ({plan}) ended on {until}. It does not renew by itself. To go on, tap here:")
}

fn plans(questions: u32) -> String {
    format!(
        "With a plan you ask {questions} questions a day. Pay with MTN MoMo; it does not renew by itself. Which one?"
    )
}

fn pay_summary(plan: &str, price: &str, number: &str, until: &str) -> String {
    format!(
        "{plan} plan for {price}, paid by {number}.\nIt runs until {until} and does not renew by itself. Pay now?"
    )
}

fn pay_declined_twice(clock: &str, tomorrow: bool) -> String {
    let day = if tomorrow { "tomorrow" } else { "today" };
    format!(
        "That number declined twice, so I leave it alone. Try again {day} at {clock}, or type subscribe and give another MTN number."
    )
}

fn pay_again_at(clock: &str) -> String {
    format!("Your earlier request may still be on the phone. Approve only one. Try again at {clock}.")
}

fn status_waiting(count: usize) -> String {
    match count {
        1 => "1 question is still waiting for its answer.".to_string(),
        _ => format!("{count} questions are still waiting for their answers."),
    }
}

fn region_set(name: &str) -> String {
    format!("Thank you. I will keep {name} in mind.")
}

fn human(contact: Option<&str>) -> String {
    match contact {
        Some(contact) => format!("I have told our team. You can also reach a person here: {contact}"),
        None => "I have told our team. A person will read this and write to you here.".to_string(),
    }
}

fn nothing_to_cancel(until: Option<&str>) -> String {
    let plan = until.map(|until| format!(" Your plan ends on {until}.")).unwrap_or_default();
    format!("Nothing to cancel. We never take money by ourselves.{plan}")
}

fn forget_ask(until: Option<&str>, asked: bool) -> String {
    let days = match until {
        Some(until) => format!("Your paid days until {until} would be lost too."),
        None => "Paid days would be lost too.".to_string(),
    };
    let late = if asked {
        " You asked to pay in the last 7 days: money that comes from that later buys you nothing; \
         a person of ours must sort it out."
    } else {
        ""
    };
    format!(
        "Delete all your data? Your questions, answers and settings are erased for ever. {days}{late} \
         The questions you used today stay counted. Type yes to delete, no to keep."
    )
}

fn limit(limit: u32) -> String {
    format!(
        "You have used your {limit} free questions of today. New ones come at midnight. \
         I keep this question for a day. Paying for more questions comes soon."
    )
}

fn cut_question(chars: usize) -> String {
    format!("Your message was very long. I read the first {chars} letters of it.")
}

fn gave_up(quote: &str) -> String {
    format!("I could not answer \"{quote}\". I am sorry. Please ask again; it cost you no question.")
}

fn quote(quote: &str) -> String {
    format!("You asked: \"{quote}\"")
}

fn still_want(quote: &str) -> String {
    format!("Your message reached me very late: \"{quote}\" Still want this?")
}
