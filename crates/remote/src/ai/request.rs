//! The body of a question.

use answerbot_core::contact::effect::{Prompt, Role};
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::json;

use super::{Call, ProviderKind};

/// `OpenRouter` takes so many fallback models.
const FALLBACK_MODELS: usize = 3;

/// The body; `limit` is what the provider calls the longest answer, `must_reason` is for a model that answers only
/// after reasoning. Written out without a tree in between: a prompt is most of what a question costs us in bytes.
pub(super) fn body<'a>(
    call: &'a Call<'a>,
    limit: &'static str,
    person: &'a str,
    must_reason: bool,
) -> impl Serialize + 'a {
    Body { call, limit, person, must_reason }
}

struct Body<'a> {
    call: &'a Call<'a>,
    limit: &'static str,
    person: &'a str,
    must_reason: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    role: &'static str,
    content: &'a str,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Call { config, model, prompt } = *self.call;
        let mut body = serializer.serialize_map(None)?;
        body.serialize_entry("model", model)?;
        body.serialize_entry("messages", &Lines(prompt))?;
        body.serialize_entry("user", self.person)?;
        body.serialize_entry(self.limit, &prompt.max_tokens)?;
        // Read as it is written, so that an answer that stalls or breaks off is seen at once.
        body.serialize_entry("stream", &true)?;
        if config.kind == ProviderKind::OpenAi {
            // OpenRouter tells the usage without being asked.
            body.serialize_entry("stream_options", &json!({ "include_usage": true }))?;
        }
        if config.kind == ProviderKind::OpenRouter {
            // What people ask is nobody's training data.
            body.serialize_entry("provider", &json!({ "data_collection": "deny" }))?;
            // Hidden thoughts count as answer: they would eat `max_tokens` and leave nothing to say.
            let reasoning =
                if self.must_reason { json!({ "effort": "low" }) } else { json!({ "enabled": false }) };
            body.serialize_entry("reasoning", &reasoning)?;
            // A cheap or a better model falls back to the usual one first.
            let usual = std::iter::once(&config.model).filter(|usual| *usual != model);
            let models: Vec<&String> = usual.chain(&config.fallback_models).take(FALLBACK_MODELS).collect();
            if !models.is_empty() {
                body.serialize_entry("models", &models)?;
            }
        }
        body.end()
    }
}

struct Lines<'a>(&'a Prompt);

impl Serialize for Lines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_seq(self.0.lines.iter().map(|it| Line { role: role(it.role), content: &it.content }))
    }
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Call, ProviderConfig, ProviderKind};

    #[test]
    fn only_openai_itself_gets_the_new_name_of_the_limit() {
        let table = [
            ("OpenAI", "https://api.openai.com/v1", ProviderKind::OpenAi, true),
            ("with a slash", "https://api.openai.com/v1/", ProviderKind::OpenAi, true),
            ("a local model", "http://localhost:11434/v1", ProviderKind::OpenAi, false),
            ("a look-alike", "https://api.openai.com.example/v1", ProviderKind::OpenAi, false),
            ("OpenRouter", "https://openrouter.ai/api/v1", ProviderKind::OpenRouter, false),
        ];
        let prompt = answerbot_core::contact::effect::Prompt {
            lines: Vec::new(),
            max_tokens: 400,
            typing: answerbot_core::Address {
                channel: answerbot_core::Channel::Messenger,
                page: String::new(),
                user: String::new(),
            },
            about: answerbot_core::contact::effect::About::default(),
        };
        for (label, base_url, kind, is_new) in table {
            let config = ProviderConfig {
                name: label.to_owned(),
                base_url: base_url.to_owned(),
                api_key: "".into(),
                model: "small".to_owned(),
                cheap_model: None,
                better_model: None,
                fallback_models: Vec::new(),
                prices: std::collections::BTreeMap::new(),
                kind,
            };
            let call = Call { config: &config, model: &config.model, prompt: &prompt };
            let body = super::body(&call, config.limit_name(), "p", false);
            let body = serde_json::to_value(body).unwrap();
            let (new, old) = (body.get("max_completion_tokens"), body.get("max_tokens"));
            assert_eq!((new.is_some(), old.is_some()), (is_new, !is_new), "{label}");
        }
    }
}
