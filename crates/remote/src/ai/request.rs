//! The body of a question.

use answerbot_core::contact::effect::{Prompt, Role};
use serde_json::{Value, json};

use super::{ProviderConfig, ProviderKind};

/// `OpenRouter` takes so many fallback models.
const FALLBACK_MODELS: usize = 3;

/// The body; `must_reason` is for a model that answers only after reasoning.
pub(super) fn body(config: &ProviderConfig, prompt: &Prompt, person: &str, must_reason: bool) -> Value {
    let lines: Vec<Value> =
        prompt.lines.iter().map(|line| json!({ "role": role(line.role), "content": line.content })).collect();
    let mut body = json!({ "model": config.model, "messages": lines, "user": person });
    // The newer models of OpenAI refuse the old name, and other servers do not know the new one.
    let most = if config.is_openai_itself() { "max_completion_tokens" } else { "max_tokens" };
    body[most] = json!(prompt.max_tokens);
    if config.kind == ProviderKind::OpenRouter {
        // What people ask is nobody's training data.
        body["provider"] = json!({ "data_collection": "deny" });
        // Hidden thoughts count as answer: they would eat `max_tokens` and leave nothing to say.
        body["reasoning"] =
            if must_reason { json!({ "effort": "low" }) } else { json!({ "enabled": false }) };
        if !config.fallback_models.is_empty() {
            let models: Vec<&String> = config.fallback_models.iter().take(FALLBACK_MODELS).collect();
            body["models"] = json!(models);
        }
    }
    body
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
    use super::super::{ProviderConfig, ProviderKind};

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
        };
        for (label, base_url, kind, is_new) in table {
            let config = ProviderConfig {
                name: label.to_owned(),
                base_url: base_url.to_owned(),
                api_key: "".into(),
                model: "small".to_owned(),
                fallback_models: Vec::new(),
                price: None,
                kind,
            };
            let body = super::body(&config, &prompt, "p", false);
            let (new, old) = (body.get("max_completion_tokens"), body.get("max_tokens"));
            assert_eq!((new.is_some(), old.is_some()), (is_new, !is_new), "{label}");
        }
    }
}
