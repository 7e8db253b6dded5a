//! "I paid but nothing": complaints about paying us, in people's words, and pasted messages of MTN.
//!
//! Such a message never reaches the AI and costs no question. One too many is harmless: the person sees how things
//! stand and asks again.

use alloc::string::String;

use crate::words;

/// Somebody paid, or lost money.
#[rustfmt::skip]
const PAID: &[&str] = &[
    "i paid", "i payed", "i pay already", "i have paid", "i've paid", "ive paid", "i already paid", "already paid", "i just paid",
    "i did pay", "brother paid", "sister paid", "husband paid", "wife paid", "friend paid", "he paid", "she paid", "i have pay", "i was charged", "you charged", "charged me", "was deducted", "been deducted", "deducted",
    "i sent the money", "i sent money", "i sent you", "i send the money", "i approved", "i entered my pin", "i put my pin",
    "my money", "you took", "took my", "you stole", "you steal", "you ate", "ate my", "you have eaten", "money is gone",
    "money gone", "money has gone", "money went", "i want refund", "refund me", "give back my", "return my", "payment failed",
    "my payment", "the payment", "did you charge", "been charged", "my cash", "i subscribed", "i bought weekly", "i bought monthly",
    "i bought plan", "i bought the plan", "i entered pin", "i have send money", "i send money", "have sent money", "i pay for weekly",
    "i pay for monthly", "i pay for plan", "not received my plan", "not received the plan", "my balance went", "money was cut",
    "i sent 3000", "i sent 6500", "i pay and", "i pay but", "momo took", "mtn took", "دفعت", "فلوسي", "نقودي", "مالي", "خصم", "دفعنا", "ana dafa", "dafa gurush", "gurush tai", "gurus tai",
];
/// ... and it is us, or this, that they mean.
#[rustfmt::skip]
const US: &[&str] = &[
    "you", "your", "bot", "plan", "subscription", "subscribed", "subscribe", "weekly", "monthly", "week", "month", "momo", "mtn",
    "nothing", "gone", "still", "not working", "no answer", "no questions", "limit", "activated", "active", "receipt",
    "confirmation", "questions", "where is", "ssp", "refund", "twice", "back", "answer", "deducted", "scam", "haja",
    "شيء", "الاشتراك", "حسابي", "لكن", "اين", "وين", "لسه", "اشتراك",
];
/// Paying for something else is a question like others.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "school", "fees", "fee", "rent", "landlord", "bride", "dowry", "cows", "customer", "customers", "salary", "boss", "employer",
    "tax", "taxes", "customs", "loan", "debt", "shop", "seller", "supplier", "hospital", "doctor", "university", "bus", "ticket", "visa", "passport", "business",
    "bank", "save", "saving", "savings", "invest", "grow",
];
/// Words of MTN's own messages.
#[rustfmt::skip]
const PASTED: &[&str] = &[
    "transaction id", "financial transaction", "txn id", "transactionid", "y'ello", "yello", "your payment of", "you have paid",
    "has been debited", "you have transferred", "to answer bot", "ft id", "you have sent", "confirmed ssp", "payment of ssp", "your new balance",
];

/// Whether a message complains about paying us, or is one of MTN's about a payment.
#[must_use]
pub fn is_about_paying(text: &str) -> bool {
    let text = spaced(text);
    let has = |list: &[&str]| {
        list.iter().any(|phrase| {
            text.match_indices(phrase)
                .any(|(at, _)| text[..at].ends_with(' ') && text[at + phrase.len()..].starts_with(' '))
        })
    };
    if has(PASTED) && text.chars().any(char::is_numeric) {
        return true;
    }
    has(PAID) && has(US) && !has(OTHERS)
}

/// Lower case, whole words with a space on each side.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(' ');
    for c in text.chars().flat_map(char::to_lowercase).filter(|c| !words::is_mark(*c)).map(words::folded) {
        let c = if c.is_alphanumeric() || c == '\'' { c } else { ' ' };
        if c != ' ' || !out.ends_with(' ') {
            out.push(c);
        }
    }
    out.push(' ');
    out
}
