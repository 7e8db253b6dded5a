//! Every fixed sentence a person reads, one file a language.
//!
//! Short, warm, plain: a cheap phone and prepaid data. No Markdown. A language is shown once a named speaker
//! has signed its file; until then everyone gets English.

mod en;

use alloc::string::String;

use crate::contact::Standing;
use crate::pay::price::Plan;

pub use en::ENGLISH;

/// What a receipt says.
#[derive(Clone, Copy, Debug)]
pub struct Receipt<'a> {
    /// The plan's title.
    pub plan: &'a str,
    /// What was paid, such as "3,000 SSP".
    pub price: &'a str,
    /// The first paid day, such as "5 Mar".
    pub from: &'a str,
    /// The last paid day, such as "11 March 2026".
    pub until: &'a str,
    /// The day of the payment, such as "4 Mar", where what was left of it is a gift.
    pub gift: Option<&'a str>,
    /// Questions a day.
    pub questions: u32,
    /// The receipt's number.
    pub code: &'a str,
    /// MTN's number of the transaction.
    pub mtn_id: Option<&'a str>,
    /// The person had been told an end before.
    pub late: bool,
}

/// How a payment stands.
#[derive(Clone, Copy, Debug)]
pub enum Stands<'a> {
    /// Paid, with the receipt's number.
    Paid {
        /// It.
        code: &'a str,
    },
    /// The money was given back.
    GivenBack,
    /// Nobody paid: days given away.
    Gift {
        /// How many.
        days: u32,
    },
    /// It brought nothing yet.
    Not(Standing),
}

/// A payment in one line.
#[derive(Clone, Copy, Debug)]
pub struct PaymentLine<'a> {
    /// When it was asked for, such as "4 Mar".
    pub day: &'a str,
    /// The plan's title.
    pub plan: &'a str,
    /// What it costs, such as "3,000 SSP", where that is known.
    pub price: Option<&'a str>,
    /// How it stands.
    pub stands: Stands<'a>,
}

/// The sentences of one language. A missing one does not compile.
pub struct Texts {
    /// The first message, at most 400 characters: an automated assistant, it can be wrong, what is kept, terms.
    pub start: fn(terms_url: Option<&str>) -> String,
    /// The button under it.
    pub agree_button: &'static str,
    /// Written before consent, after the start text was read.
    pub agree_first: &'static str,
    /// After "I agree" when nothing was asked before.
    pub agreed: &'static str,
    /// An old "I agree" button.
    pub agreed_already: &'static str,
    /// `help`; whether plans are sold.
    pub help: fn(free: u32, paid: u32, sold: bool) -> String,
    /// Under an answer that was kept from before, when no new one could be had.
    pub older_answer: &'static str,
    /// Under an answer now and then: it helped, it is wrong.
    pub rate_buttons: [&'static str; 2],
    /// After "it helped".
    pub rated_good: &'static str,
    /// After "it is wrong".
    pub rated_wrong: &'static str,
    /// The same of an answer that others would have got.
    pub rated_wrong_for_all: &'static str,
    /// `menu`.
    pub menu: &'static str,
    /// Titles of the menu's buttons: status, region, help.
    pub menu_buttons: [&'static str; 3],
    /// The menu's button for the plans, where they are sold: the command itself.
    pub plans_button: &'static str,
    /// `status` of a person without a plan.
    pub status_free: fn(left: u32, limit: u32) -> String,
    /// Questions that wait or are being tried again, added to `status`.
    pub status_waiting: fn(count: usize) -> String,
    /// `status` of a person with a plan: questions left, of how many, the last paid day.
    pub status_paid: fn(left: u32, limit: u32, until: &str) -> String,
    /// Stands above the payments of the last days in `status`.
    pub status_payments: fn(days: u32) -> String,
    /// One of them.
    pub status_payment: fn(&PaymentLine<'_>) -> String,
    /// The free questions of the day are used up, and plans are sold: their buttons stand under it.
    pub limit_offer: fn(free: u32, paid: u32) -> String,
    /// The same while a payment is open.
    pub limit_paying: fn(free: u32) -> String,
    /// The paid questions of the day are used up.
    pub limit_paid: fn(limit: u32) -> String,
    /// `subscribe`: the plans; prices stand on the buttons.
    pub plans: fn(questions: u32) -> String,
    /// Names: weekly, monthly.
    pub plan_titles: [&'static str; 2],
    /// Asks for the paying number.
    pub pay_ask_number: &'static str,
    /// Digits that are no number.
    pub pay_bad_number: &'static str,
    /// A number of another network.
    pub pay_not_mtn: &'static str,
    /// Everything before it is paid: plan, price, number, new end.
    pub pay_summary: fn(plan: &str, price: &str, number: &str, until: &str) -> String,
    /// Titles: pay, another number.
    pub pay_buttons: [&'static str; 2],
    /// MTN is being asked.
    pub pay_asking: &'static str,
    /// Too many different numbers in a week.
    pub pay_too_many_numbers: &'static str,
    /// `cancel` before anything was asked.
    pub pay_left: &'static str,
    /// A complaint about paying, with payments of the last days.
    pub complaint: &'static str,
    /// The same where all of them came to their end with money.
    pub complaint_known: &'static str,
    /// The same without any.
    pub complaint_none: &'static str,
    /// Title of the button that asks for a person.
    pub human_button: &'static str,
    /// `receipt` without a payment.
    pub no_receipt: &'static str,
    /// A payment was granted.
    pub receipt: fn(&Receipt<'_>) -> String,
    /// A reminder before the plan ends: its title and last day.
    pub remind_before: fn(plan: &str, until: &str) -> String,
    /// A reminder after it.
    pub remind_after: fn(plan: &str, until: &str) -> String,
    /// The prompt is on its way to the phone.
    pub pay_prompted: &'static str,
    /// Nothing happened in time.
    pub pay_expired: &'static str,
    /// Cancelled, and nothing can come of it.
    pub pay_cancelled: &'static str,
    /// Cancelled, and a prompt may be on the phone.
    pub pay_cancelled_open: &'static str,
    /// MTN knows nothing of it.
    pub pay_abandoned: &'static str,
    /// Money came that does not fit.
    pub pay_review: &'static str,
    /// Days were given away: how many, until when.
    pub pay_gift: fn(u32, &str) -> String,
    /// Two accounts of one person were joined; until when the plan runs, where one does.
    pub merged: fn(Option<&str>) -> String,
    /// Money in review was given back.
    pub pay_given_back: &'static str,
    /// The money was given back.
    pub pay_refunded: &'static str,
    /// Declined on the phone.
    pub pay_declined: &'static str,
    /// The prompt ran out.
    pub pay_not_approved: &'static str,
    /// Not enough money, as MTN mostly says it.
    pub pay_no_funds: &'static str,
    /// The payer's limit at MTN.
    pub pay_limit: &'static str,
    /// No account under the number.
    pub pay_no_account: &'static str,
    /// We may not be paid.
    pub pay_our_fault: &'static str,
    /// MTN has trouble.
    pub pay_trouble: &'static str,
    /// It never left us in time.
    pub pay_not_sent: &'static str,
    /// No reason that we know.
    pub pay_other: &'static str,
    /// The number declined twice: until when it is left alone, in Juba time, and whether that is another day.
    pub pay_declined_twice: fn(clock: &str, tomorrow: bool) -> String,
    /// An earlier request may be on the phone: when to try again, in Juba time.
    pub pay_again_at: fn(clock: &str) -> String,
    /// The number's requests of the day are used up.
    pub pay_again_tomorrow: &'static str,
    /// `subscribe` and `receipt` while paying is not open.
    pub paying_soon: &'static str,
    /// A phone number that nobody asked for.
    pub number_not_needed: &'static str,
    /// Asked once, after the first answer.
    pub region_ask: &'static str,
    /// Titles: Juba, Wau, Malakal, elsewhere, skip.
    pub region_buttons: [&'static str; 5],
    /// A region was chosen.
    pub region_set: fn(name: &str) -> String,
    /// The question about the region was skipped.
    pub region_skipped: &'static str,
    /// `language`.
    pub language_ask: &'static str,
    /// Titles: as the question, English, Arabic, Juba Arabic.
    pub language_buttons: [&'static str; 4],
    /// A language was chosen.
    pub language_set: &'static str,
    /// Nothing is left of the last answer.
    pub no_more: &'static str,
    /// Ends a part of a long answer.
    pub more_hint: &'static str,
    /// Title of the quick reply that sends the rest.
    pub more_button: &'static str,
    /// `human`.
    pub human: fn(contact: Option<&str>) -> String,
    /// `cancel` with nothing open; the last day of the plan that runs.
    pub nothing_to_cancel: fn(until: Option<&str>) -> String,
    /// `cancel` while "Delete my data?" stands.
    pub forget_cancelled: &'static str,
    /// `stop`.
    pub stopped: &'static str,
    /// `start`.
    pub started: &'static str,
    /// `delete my data`, asked once: the last day of a plan that runs, and whether money may still come.
    pub forget_ask: fn(until: Option<&str>, asked: bool) -> String,
    /// Titles: delete, keep.
    pub forget_buttons: [&'static str; 2],
    /// Everything is deleted.
    pub forgotten: &'static str,
    /// A greeting.
    pub greeting: &'static str,
    /// Thanks.
    pub welcome: &'static str,
    /// A "yes", "ok" or "no" when nothing was asked.
    pub okay: &'static str,
    /// Nothing that could be read.
    pub nothing: &'static str,
    /// A message of 4 to 6 digits: perhaps a PIN.
    pub digits: &'static str,
    /// The same while a payment is open.
    pub pin: &'static str,
    /// A sticker.
    pub sticker: &'static str,
    /// A picture.
    pub image: &'static str,
    /// A voice note.
    pub voice: &'static str,
    /// A video.
    pub video: &'static str,
    /// A document.
    pub file: &'static str,
    /// A place.
    pub location: &'static str,
    /// Anything else that is no text.
    pub other_media: &'static str,
    /// The free questions of the day are used up, and nothing is sold.
    pub limit: fn(limit: u32) -> String,
    /// The last free reply of the day.
    pub last_reply: &'static str,
    /// Too many questions wait.
    pub too_many_waiting: &'static str,
    /// More came than the inbox holds.
    pub overflow: &'static str,
    /// The AI tier of the rate limits.
    pub ai_limit: &'static str,
    /// The question was longer than what is read.
    pub cut_question: fn(chars: usize) -> String,
    /// No provider answered in time.
    pub apology: &'static str,
    /// A provider's filter, or our own guard, left nothing to say.
    pub refusal: &'static str,
    /// A question that was given up.
    pub gave_up: fn(quote: &str) -> String,
    /// Quotes the question of a late answer.
    pub quote: fn(quote: &str) -> String,
    /// A question that is more than a day old.
    pub still_want: fn(quote: &str) -> String,
    /// Titles: yes, no.
    pub still_want_buttons: [&'static str; 2],
    /// "No" to that.
    pub dropped: &'static str,
    /// Danger to life, until reviewed texts exist.
    pub danger: &'static str,
    /// Title: it was only a question.
    pub no_danger_button: &'static str,
    /// Stands where the guard took a phone number out.
    pub number_removed: &'static str,
    /// Stands where the guard took a link out.
    pub link_removed: &'static str,
}

impl Texts {
    /// A plan's title.
    #[must_use]
    pub const fn plan_title(&self, plan: Plan) -> &'static str {
        let [weekly, monthly] = self.plan_titles;
        match plan {
            Plan::Weekly => weekly,
            Plan::Monthly => monthly,
        }
    }
}
