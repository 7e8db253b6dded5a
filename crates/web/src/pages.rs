//! The public pages, which Meta's review reads and people with cheap phones.
//!
//! Rendered once at start: no script, no picture, no font, about four kilobytes each.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::state::WebState;

const STYLE: &str = include_str!("pages.css");
/// Five minutes in browsers, an hour in a CDN, and for a week while we are away.
const CACHED: HeaderValue = HeaderValue::from_static(
    "public, max-age=300, s-maxage=3600, stale-while-revalidate=86400, stale-if-error=604800",
);

/// What the public pages say that is not the same everywhere.
#[derive(Clone, Debug)]
pub struct PublicPages {
    /// The name people know the service by, such as `Answer Bot AI`.
    pub service: String,
    /// How a person is reached who can help (`SUPPORT_CONTACT`); without one the pages name the word `human`.
    pub support: Option<String>,
    /// Version of the terms that consent is stored with.
    pub terms_version: u32,
    /// Free questions a day.
    pub free_per_day: u32,
    /// Questions a day with a plan.
    pub paid_per_day: u32,
}

/// The pages as they are sent.
pub(crate) struct Pages {
    home: Bytes,
    privacy: Bytes,
    terms: Bytes,
    policy: HeaderValue,
}

impl Pages {
    pub(crate) fn render(public: &PublicPages) -> Self {
        let page = |title: &str, content: &Markup| Bytes::from(frame(public, title, content).into_string());
        // The one style element is allowed by its hash, everything else is not.
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
            STANDARD.encode(Sha256::digest(STYLE))
        );
        Self {
            home: page(&public.service, &home_content(public)),
            privacy: page("Privacy", &privacy_content(public)),
            terms: page("Terms", &terms_content(public)),
            policy: HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'")),
        }
    }

    fn send(&self, page: &Bytes) -> Response {
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (CACHE_CONTROL, CACHED),
            (CONTENT_SECURITY_POLICY, self.policy.clone()),
        ];
        (headers, page.clone()).into_response()
    }
}

/// `/`
pub(crate) async fn home(State(web): State<WebState>) -> Response {
    web.pages.send(&web.pages.home)
}

/// `/privacy`
pub(crate) async fn privacy(State(web): State<WebState>) -> Response {
    web.pages.send(&web.pages.privacy)
}

/// `/terms`
pub(crate) async fn terms(State(web): State<WebState>) -> Response {
    web.pages.send(&web.pages.terms)
}

fn frame(public: &PublicPages, title: &str, content: &Markup) -> Markup {
    let full_title =
        if title == public.service { title.to_owned() } else { format!("{title} - {}", public.service) };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (full_title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                nav aria-label="Pages" {
                    a href="/" { "Start" }
                    a href="/privacy" { "Privacy" }
                    a href="/terms" { "Terms" }
                }
                main {
                    h1 { (title) }
                    (content)
                }
                footer {
                    p { (support(public)) }
                }
            }
        }
    }
}

fn support(public: &PublicPages) -> Markup {
    html! {
        @match &public.support {
            Some(contact) => { "Talk to a person: " (contact) ", or write " strong { "human" } " in the chat." }
            None => { "Talk to a person: write " strong { "human" } " in the chat." }
        }
    }
}

fn never_your_pin() -> Markup {
    html! {
        p { strong { "We never ask for your PIN, password or identity papers." }
            " Nobody who asks for them speaks for us. If a message is only 4 to 6 digits, we drop them before anything is kept." }
    }
}

fn plans(public: &PublicPages) -> Markup {
    html! {
        p { "Today the service is free: " (public.free_per_day) " questions a day. Paying for more with MTN MoMo "
            strong { "comes soon" } ". These prices are planned:" }
        ul {
            li { "Weekly: 3,000 SSP for 7 days, " (public.paid_per_day) " questions a day" }
            li { "Monthly: 6,500 SSP for 30 days, " (public.paid_per_day) " questions a day" }
        }
        p { "No plan will renew by itself. We never take money by ourselves." }
    }
}

fn home_content(public: &PublicPages) -> Markup {
    html! {
        p { "Ask in Messenger and get a short answer: school, business, farming, health, daily life. Made for South Sudan." }
        ul {
            li { "It is an " strong { "automated assistant" } ", not a person. An AI writes the answers." }
            li { strong { "It can be wrong." } " Check what matters." }
            li { "It is no emergency service. In danger go to the nearest hospital or health centre at once." }
            li { "Write in English or Arabic, in simple words. You can write " strong { "help" } " any time." }
        }
        h2 { "Price" }
        (plans(public))
        (never_your_pin())
        h2 { "Your data" }
        p { "We keep little, and you can erase it: write " strong { "delete my data" } " in the chat. "
            a href="/privacy" { "What we keep" } "." }
    }
}

fn privacy_content(public: &PublicPages) -> Markup {
    html! {
        p { (public.service) " answers questions in Messenger. This page says what it keeps of you." }
        h2 { "What we keep" }
        ul {
            li { "The id that Messenger gives you for our page. It is not your phone number, and we do not read your profile." }
            li { "Your last messages and our answers, for " strong { "one day" } ", so that we can follow the talk. Older ones are never used, and erased by the end of the next day. Questions that wait for an answer, until they are answered or dropped." }
            li { "Your region and language, if you chose them, and when you agreed to the terms." }
            li { "How many questions you asked today." }
            li { "For sixty days: when you asked, about which subject (school, business, farming, health, other), what the answer cost, and whether you said that it helped." }
            li { "A question that anybody could have asked, such as \"What is malaria?\", and its answer can be kept for others who ask the same, without your name: up to half a year. Questions about you, and what follows from your talk, never are." }
            li { "The ids of messages, without their text, for about ten days, so that nothing is answered twice." }
        }
        p { "Texts, and phone numbers if you ever give one, are stored " strong { "sealed" }
            " (encrypted). Our logs hold no message texts and no phone numbers." }
        h2 { "Who else sees it" }
        ul {
            li { "Meta carries the messages: its own rules hold for Messenger." }
            li { "An AI company outside South Sudan gets your question and the last messages, not your name or Messenger id, and writes the answer. So do not write secrets." }
            li { "People of ours can read the chat in our page's inbox, and do if you write " strong { "human" } "." }
        }
        p { "We do not sell your data and show no advertising." }
        h2 { "How to erase it" }
        p { "Write " strong { "delete my data" } " in the chat. We ask once, then your messages, settings and names are gone. "
            "What stays is a coded count of today's questions, so that free questions cannot be refilled, and answers that are kept for everybody; nothing says that you asked. "
            "Backup copies are replaced with time and used only to repair the service. "
            "The chat in Messenger itself you delete in Messenger." }
        h2 { "When paying has come" }
        p { "We will also keep the MTN number that you type to pay, sealed, and what was paid and when, because money must be accounted for. "
            "This page will say more before that day." }
        (never_your_pin())
    }
}

fn terms_content(public: &PublicPages) -> Markup {
    html! {
        p { "Version " (public.terms_version) ". You agree by tapping \"I agree\" in the chat, or by typing yes." }
        h2 { "What it is" }
        ul {
            li { "An automated assistant. An AI writes the answers; they can be wrong or old. Check what matters before you act on it." }
            li { "Not a doctor, lawyer, bank, MTN or government, and no emergency service." }
            li { "Answers can be late or fail, and the service can pause. A question that we could not answer is not counted." }
        }
        h2 { "What we ask of you" }
        ul {
            li { "Do not use it to harm people, to cheat or to break the law. We refuse such questions." }
            li { "Do not send what belongs to others: their secrets, numbers or papers." }
            li { "Each day has its number of questions, so that there is room for everyone." }
        }
        h2 { "Price" }
        (plans(public))
        (never_your_pin())
        h2 { "Leaving" }
        p { "Stop any time: just do not write. " strong { "stop" } " ends messages you did not ask for; " strong { "delete my data" }
            " erases what we keep (" a href="/privacy" { "privacy" } ")." }
        p { "If these terms change, this page says so under a new version." }
    }
}
