//! Reads what a provider answered. Facts: the chat completions references of OpenRouter and OpenAI.

use answerbot_core::contact::effect::Reply;
use answerbot_ports::ai::{Answer, Spent};
use serde_json::Value;

use super::ProviderConfig;
use super::failure::{Failure, Why, of_error};
use crate::http;

/// Billionths of a US dollar in one.
const NANO: f64 = 1e9;

/// The answer, or why it is none.
pub(super) fn read(config: &ProviderConfig, answer: &http::Answer) -> Result<Answer, Failure> {
    let Some(body) = answer.json() else {
        // A gateway's page, or a body that was cut.
        return Err(if answer.is_success() {
            Failure::new(Why::Rubbish, "no JSON")
        } else {
            of_error(answer, &Value::Null)
        });
    };
    let choice = body.get("choices").and_then(|choices| choices.get(0));
    // An empty answer may cost as well.
    let spent = spent(config, &body);
    count(&spent);
    let error_in = |value: &Value| value.get("error").filter(|error| !error.is_null()).cloned();
    if let Some(error) = error_in(&body).or_else(|| choice.and_then(error_in)) {
        return Err(of_error(answer, &error));
    }
    if !answer.is_success() || body.get("object").and_then(Value::as_str) == Some("error") {
        // Some servers tell their error without wrapping it.
        return Err(of_error(answer, &body));
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
        return Ok(Answer { reply: Reply { text, cut: finish == "length" }, spent });
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

fn spent(config: &ProviderConfig, body: &Value) -> Spent {
    let usage = body.get("usage");
    let tokens = |name| usage.and_then(|usage| usage.get(name)).and_then(Value::as_u64);
    let (tokens_in, tokens_out) = (tokens("prompt_tokens"), tokens("completion_tokens"));
    let told = usage.and_then(|usage| usage.get("cost")).and_then(Value::as_f64).map(nano_usd);
    let (read, written) = (tokens_in.unwrap_or(0), tokens_out.unwrap_or(0));
    // Without a token count a price list says nothing.
    let by_list = config.price.filter(|_| tokens_in.is_some() || tokens_out.is_some()).map(|price| {
        // Millionths of a dollar for a million tokens are thousandths of our billionths for one.
        let thousandths =
            u128::from(read) * u128::from(price.input) + u128::from(written) * u128::from(price.output);
        u64::try_from(thousandths.div_ceil(1_000)).unwrap_or(u64::MAX)
    });
    let model = body.get("model").and_then(Value::as_str).unwrap_or(&config.model);
    Spent {
        provider: config.name.clone(),
        model: model.to_owned(),
        tokens_in: read,
        tokens_out: written,
        nano_usd: told.or(by_list),
    }
}

fn nano_usd(usd: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates at both ends"
    )]
    let nano = (usd * NANO).round() as u64;
    nano
}

fn count(spent: &Spent) {
    let tokens = |direction: &'static str, count| {
        metrics::counter!("ai_tokens_total", "provider" => spent.provider.clone(), "direction" => direction)
            .increment(count);
    };
    tokens("in", spent.tokens_in);
    tokens("out", spent.tokens_out);
    if let Some(nano) = spent.nano_usd {
        metrics::counter!("ai_nano_usd_total", "provider" => spent.provider.clone()).increment(nano);
    }
}

#[cfg(test)]
mod tests {
    use super::{nano_usd, without_thoughts};

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

    #[test]
    fn dollars_become_billionths_without_losing_any() {
        let table = [
            (0.000_14, 140_000),
            (0.1, 100_000_000),
            (0.000_000_001, 1),
            (0.0, 0),
            (-1.0, 0),
            (1e300, u64::MAX),
        ];
        for (usd, expected) in table {
            assert_eq!(nano_usd(usd), expected, "{usd}");
        }
    }
}
