//! Reads what a provider answered. Facts: the chat completions references of OpenRouter and OpenAI.

use answerbot_core::spend::{self, MicroUsd, Spent};
use serde_json::Value;

use super::Call;
use super::failure::{Failure, Why, of_error};
use crate::http;

/// An answer's text.
#[derive(Debug)]
pub(super) struct Said {
    pub text: String,
    /// The provider stopped at the longest answer.
    pub cut: bool,
}

/// The answer, or why it is none; and what it cost in either case, where that can be told.
pub(super) fn read(call: &Call<'_>, answer: &http::Answer) -> (Result<Said, Failure>, Option<Spent>) {
    let Some(body) = answer.json() else {
        // A gateway's page, or a body that was cut.
        let failure = if answer.is_success() {
            Failure::new(Why::Rubbish, "no JSON")
        } else {
            of_error(answer, &Value::Null)
        };
        return (Err(failure), None);
    };
    let said = said(answer, &body);
    let text = said.as_ref().ok().map(|said| said.text.as_str());
    // An empty answer may cost as well.
    let spent = spent(call, &body, text);
    (said, spent)
}

fn said(answer: &http::Answer, body: &Value) -> Result<Said, Failure> {
    let choice = body.get("choices").and_then(|choices| choices.get(0));
    let error_in = |value: &Value| value.get("error").filter(|error| !error.is_null()).cloned();
    if let Some(error) = error_in(body).or_else(|| choice.and_then(error_in)) {
        return Err(of_error(answer, &error));
    }
    if !answer.is_success() || body.get("object").and_then(Value::as_str) == Some("error") {
        // Some servers tell their error without wrapping it.
        return Err(of_error(answer, body));
    }
    let Some(choice) = choice else { return Err(Failure::new(Why::Rubbish, "no choices")) };
    let finish = choice.get("finish_reason").and_then(Value::as_str).unwrap_or_default();
    match finish {
        "content_filter" => return Err(Failure::new(Why::Refused, "content filter")),
        "error" => return Err(Failure::new(Why::Busy, "finished with an error")),
        _ => {}
    }
    let message = choice.get("message");
    let part =
        |name| message.and_then(|message| message.get(name)).and_then(Value::as_str).unwrap_or_default();
    let text = without_thoughts(part("content"));
    if !text.is_empty() {
        return Ok(Said { text, cut: finish == "length" });
    }
    Err(if part("refusal").is_empty() {
        Failure::new(Why::Rubbish, "empty answer")
    } else {
        Failure::new(Why::Refused, "refusal")
    })
}

/// The text without `<think>` blocks, trimmed. A block that does not end takes the rest along; one whose begin is
/// missing, as some templates leave it out, takes what stands before it along.
fn without_thoughts(text: &str) -> String {
    const BEGIN: &str = "<think>";
    const END: &str = "</think>";
    let mut out = String::new();
    let mut rest = text;
    loop {
        match (rest.find(BEGIN), rest.find(END)) {
            (Some(begin), end) if end.is_none_or(|end| begin < end) => {
                out.push_str(&rest[..begin]);
                let Some(end) = end else { break };
                rest = &rest[end + END.len()..];
            }
            (_, Some(end)) => {
                out.clear();
                rest = &rest[end + END.len()..];
            }
            (_, None) => {
                out.push_str(rest);
                break;
            }
        }
    }
    out.trim().to_owned()
}

/// No call costs more, and no answer is longer: a figure beyond it is the provider's mistake, and must not break our sums.
const MOST: MicroUsd = MicroUsd(100_000_000);
const MOST_TOKENS: u64 = 10_000_000;
/// Longest name of a model in metrics and sums.
const MODEL_CHARS: usize = 100;

/// What a call came to: as the provider says, else by the price of the model that it names, else our guess for an
/// answer. An error without any usage costs nothing.
fn spent(call: &Call<'_>, body: &Value, text: Option<&str>) -> Option<Spent> {
    let usage = body.get("usage");
    let number =
        |name| usage.and_then(|usage| usage.get(name)).and_then(Value::as_u64).map(|it| it.min(MOST_TOKENS));
    let (told_in, told_out) = (number("prompt_tokens"), number("completion_tokens"));
    let cost = usage.and_then(|usage| usage.get("cost")).and_then(Value::as_f64);
    if told_in.is_none() && told_out.is_none() && cost.is_none() && text.is_none() {
        return None;
    }
    let tokens_in = told_in.unwrap_or_else(|| call.tokens_in());
    let tokens_out = told_out.unwrap_or_else(|| text.map_or(0, spend::tokens));
    let model: String =
        body.get("model").and_then(Value::as_str).unwrap_or(call.model).chars().take(MODEL_CHARS).collect();
    Some(Spent {
        provider: call.config.name.clone(),
        tokens_in,
        tokens_out,
        cost: cost
            .map_or_else(|| call.config.price(&model).of(tokens_in, tokens_out), MicroUsd::from_usd)
            .min(MOST),
        model,
        estimated: cost.is_none() && (told_in.is_none() || told_out.is_none()),
    })
}

#[cfg(test)]
mod tests {
    use super::without_thoughts;

    #[test]
    fn thoughts_are_taken_out_of_an_answer() {
        let table = [
            ("no thought", " Plant in May. ", "Plant in May."),
            ("one before the answer", "<think>When?\nMay.</think>\n\nPlant in May.", "Plant in May."),
            ("one in the middle", "Plant <think>when?</think>in May.", "Plant in May."),
            ("two", "<think>a</think>Plant <think>b</think>in May.", "Plant in May."),
            ("one without its begin", "When? May.</think>Plant in May.", "Plant in May."),
            ("one without its end", "Plant in May.<think>Or June?", "Plant in May."),
            ("nothing but a thought", "<think>When?</think>  ", ""),
            ("nothing but half a thought", "<think>When?", ""),
            ("one inside another", "<think>a<think>b</think>c</think>Plant in May.", "Plant in May."),
        ];
        for (label, text, expected) in table {
            assert_eq!(without_thoughts(text), expected, "{label}");
        }
    }
}
