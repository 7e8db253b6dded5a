//! The one HTTP client, and the one way to make a call with it.

use std::error::Error as _;
use std::time::Duration;

use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, redirect};
use tokio::time::{Instant, timeout};

/// Most bytes of an answer that are read. What we call answers with a few kilobytes.
pub(crate) const ANSWER_BYTES: usize = 1024 * 1024;
/// Idle connections are dropped before the usual server does it: a request that meets a connection being closed
/// has an unknown fate.
const IDLE: Duration = Duration::from_secs(30);
/// As many idle connections to one host as calls run at once by default: AI calls, sends and hints, with room for
/// peaks. A call that finds none opens one, over TLS.
const IDLE_PER_HOST: usize = 256;
/// Over HTTP/2 all calls share a connection: a dead one is noticed after this silence and ...
const PING_AFTER: Duration = Duration::from_secs(10);
/// ... this long without an answer to a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest `Retry-After` that is believed, in milliseconds: one hour.
const RETRY_AFTER_MOST: i64 = 3_600_000;

/// Builds the client that every adapter shares. Call it once.
///
/// `connect` bounds name lookup, TCP and TLS together. Proxies from the environment are not used, and redirects
/// are not followed: a token must not travel to a host that nobody configured.
pub fn client(connect: Duration) -> Result<Client, reqwest::Error> {
    // It fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("answerbot/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .http2_keep_alive_interval(PING_AFTER)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .build()
}

/// What a server answered, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; white space around it does not matter.
    pub(crate) fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// How long the server asks us to wait, in milliseconds: `retry-after-ms`, or `Retry-After` as seconds or as
    /// a date, which is compared with the server's own clock. At most an hour.
    pub(crate) fn retry_after_ms(&self) -> Option<i64> {
        let text = |name| self.headers.get(name)?.to_str().ok().map(str::trim);
        let exact = text("retry-after-ms").and_then(|ms| ms.parse::<i64>().ok());
        let ms = exact.or_else(|| {
            let after = text(RETRY_AFTER.as_str())?;
            match after.parse::<i64>() {
                Ok(seconds) => Some(seconds.saturating_mul(1_000)),
                Err(_) => Some(millis(after)?.saturating_sub(millis(text(DATE.as_str())?)?)),
            }
        });
        Some(ms?.clamp(0, RETRY_AFTER_MOST))
    }
}

fn millis(date: &str) -> Option<i64> {
    Some(rfc2822::parse(date).ok()?.timestamp().as_millisecond())
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// Nothing reached the server: no address, no connection, no TLS, or a request that cannot be built.
    NotSent,
    /// The deadline passed; the server may have done what was asked.
    TimedOut,
    /// The connection broke, or the answer was too long; the server may have done what was asked.
    Broken,
}

impl NoAnswer {
    /// The name in metrics and reasons.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::TimedOut => "timeout",
            Self::Broken => "broken",
        }
    }
}

/// Makes one call within `deadline`, and counts and times it under `service`.
pub(crate) async fn call(
    service: &str,
    request: RequestBuilder,
    deadline: Duration,
) -> Result<Answer, NoAnswer> {
    let started = Instant::now();
    let answer = match timeout(deadline, exchange(request)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err((why, detail))) => {
            tracing::debug!(service, why = why.name(), detail, "a call had no answer");
            Err(why)
        }
        Err(_) => Err(NoAnswer::TimedOut),
    };
    let ended = answer.as_ref().map_or_else(|why| why.name(), |answer| outcome(answer.status));
    count(service, ended, started.elapsed().as_secs_f64());
    answer
}

/// Sends a request and gives the answer's head, its body still to come.
pub(crate) async fn send(request: RequestBuilder) -> Result<Response, (NoAnswer, String)> {
    request.send().await.map_err(|error| {
        let nothing_left_us = error.is_connect() || error.is_builder();
        let why = if nothing_left_us { NoAnswer::NotSent } else { NoAnswer::Broken };
        (why, redacted(error))
    })
}

async fn exchange(request: RequestBuilder) -> Result<Answer, (NoAnswer, String)> {
    let response = send(request).await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = read(response).await.map_err(|detail| (NoAnswer::Broken, detail))?;
    Ok(Answer { status, headers, body })
}

/// Counts and times a call that was made by hand.
pub(crate) fn count(service: &str, outcome: &'static str, seconds: f64) {
    metrics::counter!("remote_calls_total", "service" => service.to_owned(), "outcome" => outcome)
        .increment(1);
    metrics::histogram!("remote_seconds", "service" => service.to_owned()).record(seconds);
    tracing::debug!(service, outcome, seconds, "called");
}

/// How a status is counted.
pub(crate) const fn outcome(status: u16) -> &'static str {
    match status {
        200..300 => "ok",
        300..400 => "http_3xx",
        400..500 => "http_4xx",
        _ => "http_5xx",
    }
}

async fn read(mut response: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(redacted)? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            return Err(format!("the answer is longer than {ANSWER_BYTES} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An error with its causes, without the address, which may carry a token.
pub(crate) fn redacted(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::Answer;

    #[test]
    fn retry_after_is_read_in_every_form_and_bounded() {
        let now = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
        let table = [
            ("none", vec![], None),
            ("seconds", vec![("retry-after", "12")], Some(12_000)),
            ("milliseconds win", vec![("retry-after", "12"), ("retry-after-ms", "250")], Some(250)),
            (
                "a date, by the server's clock",
                vec![("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT"), now],
                Some(30_000),
            ),
            ("a date that has passed", vec![("retry-after", "Wed, 21 Oct 2026 07:27:30 GMT"), now], Some(0)),
            ("a date without a clock", vec![("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT")], None),
            ("a negative time", vec![("retry-after", "-5")], Some(0)),
            ("a year", vec![("retry-after", "31536000")], Some(3_600_000)),
            ("a word", vec![("retry-after", "soon")], None),
        ];
        for (label, given, expected) in table {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            let answer = Answer { status: 429, headers, body: Vec::new() };
            assert_eq!(answer.retry_after_ms(), expected, "{label}");
        }
    }
}
