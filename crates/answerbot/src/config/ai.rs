//! AI providers: from the keys, or the whole order from `AI_PROVIDERS` or `[[ai.providers]]`.

use std::collections::BTreeMap;

use answerbot_core::spend::Price;
use secrecy::SecretString;
use serde::Deserialize;

use super::raw::Raw;
use super::settings::{check_url, is_loopback};

/// The usual model when nothing is said: sound, and cheap enough for hard questions too ...
const MODEL: &str = "gpt-4o-mini";
/// ... and the one for easy questions.
const CHEAP_MODEL: &str = "gpt-4.1-nano";

/// List prices of common models, in micro-dollars for a million tokens read and written (plan-arithmetic.md 1.3).
const PRICES: &[(&str, u64, u64)] = &[
    ("gpt-4o-mini", 150_000, 600_000),
    ("gpt-4.1-nano", 100_000, 400_000),
    ("gpt-4.1-mini", 400_000, 1_600_000),
    ("gpt-4o", 2_500_000, 10_000_000),
    ("gemini-2.5-flash-lite", 100_000, 400_000),
];

/// One provider, in the order of trying.
#[derive(Clone, Debug)]
pub struct AiProvider {
    /// Name in metrics and logs.
    pub name: String,
    /// Base URL, up to before `/chat/completions`.
    pub base_url: String,
    /// Key.
    pub key: SecretString,
    /// Models: the first is asked for, the others are OpenRouter's own fallback.
    pub models: Vec<String>,
    /// The model for easy questions and when money runs low.
    pub cheap_model: Option<String>,
    /// The model for hard questions and for people who paid.
    pub better_model: Option<String>,
    /// What models cost, by name.
    pub prices: BTreeMap<String, Price>,
    /// Whether it speaks OpenRouter's dialect.
    pub is_openrouter: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    base_url: Option<String>,
    api_key: Option<String>,
    model: String,
    #[serde(default)]
    fallback_models: Vec<String>,
    cheap_model: Option<String>,
    better_model: Option<String>,
    /// US dollars for a million tokens, read and written.
    usd_in: Option<f64>,
    usd_out: Option<f64>,
    cheap_usd_in: Option<f64>,
    cheap_usd_out: Option<f64>,
    better_usd_in: Option<f64>,
    better_usd_out: Option<f64>,
}

pub(super) fn read(raw: &Raw, faults: &mut Vec<String>) -> Vec<AiProvider> {
    let url = |name: &str| raw.effective(name).0.unwrap_or_default().trim_end_matches('/').to_owned();
    let providers = match whole_order(raw) {
        Some(Ok(all)) => all.into_iter().filter_map(|it| written(it, raw, &url, faults)).collect(),
        Some(Err(fault)) => {
            faults.push(fault);
            return Vec::new();
        }
        None => from_keys(raw, &url),
    };
    if providers.is_empty() {
        faults.push(
            "OPENROUTER_API_KEY or OPENAI_API_KEY is missing: without an AI nobody is answered. Example: \
             OPENROUTER_API_KEY=sk-or-v1-..."
                .into(),
        );
    }
    for provider in &providers {
        check_url(&format!("the base URL of the AI provider {}", provider.name), &provider.base_url, faults);
    }
    providers
}

/// The order that was written down, if one was.
fn whole_order(raw: &Raw) -> Option<Result<Vec<Written>, String>> {
    if let Some(text) = raw.get("AI_PROVIDERS") {
        return Some(serde_json::from_str(text).map_err(|error| {
            // The error itself would show a value, and with it perhaps a key.
            format!(
                "AI_PROVIDERS is not understood at line {}, column {}. Example: \
                 AI_PROVIDERS=[{{\"name\":\"openrouter\",\"model\":\"openai/gpt-4o-mini\"}}]",
                error.line(),
                error.column()
            )
        }));
    }
    let section = raw.providers.clone()?;
    Some(section.try_into().map_err(|error| {
        format!("answerbot.toml: [[ai.providers]] is not understood: {}", error.to_string().trim())
    }))
}

fn from_keys(raw: &Raw, url: &dyn Fn(&str) -> String) -> Vec<AiProvider> {
    let model = raw.get("AI_MODEL");
    let better = raw.get("AI_MODEL_BETTER");
    // Who chooses a model gets that one, unless a cheap one is chosen too.
    let cheap = raw.get("AI_MODEL_CHEAP");
    let mut providers = Vec::new();
    if let Some(key) = raw.get("OPENROUTER_API_KEY") {
        let usual = model.map_or_else(|| format!("openai/{MODEL}"), str::to_owned);
        let built_in = model.is_none().then(|| format!("openai/{CHEAP_MODEL}"));
        let models = [Some(usual), cheap.map(str::to_owned).or(built_in), better.map(str::to_owned)];
        providers.push(provider("openrouter", url("OPENROUTER_BASE_URL"), key, models, true));
    }
    if let Some(key) = raw.get("OPENAI_API_KEY") {
        // OpenRouter names models "maker/model"; OpenAI knows its own by the second half.
        let own = |model: Option<&str>| {
            let own = model.map(|it| it.strip_prefix("openai/").unwrap_or(it)).filter(|it| !it.contains('/'));
            own.map(str::to_owned)
        };
        let usual = own(model).unwrap_or_else(|| MODEL.to_owned());
        let built_in = model.is_none().then(|| CHEAP_MODEL.to_owned());
        let models = [Some(usual), own(cheap).or(built_in), own(better)];
        providers.push(provider("openai", url("OPENAI_BASE_URL"), key, models, false));
    }
    providers
}

fn provider(
    name: &str,
    base_url: String,
    key: &str,
    [usual, cheap_model, better_model]: [Option<String>; 3],
    is_openrouter: bool,
) -> AiProvider {
    AiProvider {
        name: name.to_owned(),
        base_url,
        key: key.to_owned().into(),
        models: usual.into_iter().collect(),
        cheap_model,
        better_model,
        prices: list_prices(),
        is_openrouter,
    }
}

fn list_prices() -> BTreeMap<String, Price> {
    PRICES
        .iter()
        .map(|(name, input, output)| ((*name).to_owned(), Price { input: *input, output: *output }))
        .collect()
}

fn written(
    it: Written,
    raw: &Raw,
    url: &dyn Fn(&str) -> String,
    faults: &mut Vec<String>,
) -> Option<AiProvider> {
    let (setting, base) = match it.name.as_str() {
        "openrouter" => ("OPENROUTER_API_KEY", Some("OPENROUTER_BASE_URL")),
        "openai" => ("OPENAI_API_KEY", Some("OPENAI_BASE_URL")),
        _ => ("", None),
    };
    let own = it.api_key.as_deref().map(str::trim).filter(|key| !key.is_empty());
    let key = own.or_else(|| raw.get(setting)).map(str::to_owned);
    let Some(base_url) = it.base_url.or_else(|| base.map(url)) else {
        faults.push(format!(
            "The AI provider {} has no base_url, such as \"http://127.0.0.1:11434/v1\".",
            it.name
        ));
        return None;
    };
    if key.is_none() && needs_key(&it.name, &base_url) {
        let or = if setting.is_empty() { String::new() } else { format!("{setting}=sk-... or ") };
        faults.push(format!(
            "The AI provider {} has no key, and is not asked without one: {or}api_key = \"sk-...\".",
            it.name
        ));
    }
    let mut prices = list_prices();
    let told = [
        (Some(&it.model), it.usd_in, it.usd_out),
        (it.cheap_model.as_ref(), it.cheap_usd_in, it.cheap_usd_out),
        (it.better_model.as_ref(), it.better_usd_in, it.better_usd_out),
    ];
    let micro = |usd: Option<f64>| usd.filter(|it| it.is_finite() && *it >= 0.0).map(micro_usd);
    for (model, input, output) in told {
        match (model, micro(input), micro(output)) {
            (Some(model), Some(input), Some(output)) => {
                prices.insert(model.clone(), Price { input, output });
            }
            (_, None, None) if input.is_none() && output.is_none() => {}
            _ => faults.push(format!(
                "The AI provider {} needs both prices of a model, usd_in and usd_out, such as 0.15 and 0.6.",
                it.name
            )),
        }
    }
    Some(AiProvider {
        is_openrouter: it.name.starts_with("openrouter"),
        base_url: base_url.trim_end_matches('/').to_owned(),
        key: key.unwrap_or_default().into(),
        models: std::iter::once(it.model).chain(it.fallback_models).collect(),
        cheap_model: it.cheap_model,
        better_model: it.better_model,
        prices,
        name: it.name,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "prices are finite and not negative"
)]
fn micro_usd(usd: f64) -> u64 {
    (usd * 1e6).round() as u64
}

/// OpenRouter and OpenAI answer nobody without a key; what stands in for them on this machine may, and so may a
/// model of one's own.
fn needs_key(name: &str, base_url: &str) -> bool {
    let is_theirs = |url: reqwest::Url| {
        let host = url.host_str().unwrap_or_default();
        ["openrouter.ai", "openai.com"]
            .iter()
            .any(|of| host.strip_suffix(of).is_some_and(|sub| sub.is_empty() || sub.ends_with('.')))
    };
    let is_named = matches!(name, "openrouter" | "openai");
    (is_named || reqwest::Url::parse(base_url).is_ok_and(is_theirs)) && !is_loopback(base_url)
}
