//! Every setting by name, with its default and what it means. `config` prints this table. README repeats it by
//! hand, and `the_readme_lists_every_setting_as_it_is` holds the two together.

/// One setting.
pub struct Known {
    /// Its name in the environment; the same in `answerbot.toml`, in either case.
    pub name: &'static str,
    /// Its value when it is not set; `None` where it stays unset.
    pub default: Option<&'static str>,
    /// Whether its value is never shown.
    pub is_secret: bool,
    /// What it means.
    pub meaning: &'static str,
}

const fn open(name: &'static str, default: Option<&'static str>, meaning: &'static str) -> Known {
    Known { name, default, is_secret: false, meaning }
}

const fn secret(name: &'static str, meaning: &'static str) -> Known {
    Known { name, default: None, is_secret: true, meaning }
}

/// All settings that this release reads.
pub const KNOWN: &[Known] = &[
    open("PORT", Some("3000"), "port of the listener"),
    open("HOST", Some("0.0.0.0"), "address of the listener"),
    open(
        "DATABASE_URL",
        Some("sqlite:data/answerbot.db"),
        "the store: sqlite:PATH, or mongodb: and mongodb+srv: in a build with that driver",
    ),
    open("REDIS_URL", None, "redis: or rediss: of a fleet's shared cache; unset = in process"),
    open("NATS_URL", None, "nats: or tls: of a fleet's queue; unset = in process"),
    open("NATS_REPLICAS", Some("1"), "copies of the queue that NATS keeps: 1, or 3 in a cluster"),
    secret("VERIFY_TOKEN", "your own word that Meta repeats when it checks the webhook"),
    secret("PAGE_ACCESS_TOKEN", "access token of the Facebook page"),
    secret("FB_APP_SECRET", "app secret; it signs the webhooks"),
    secret("FB_APP_SECRET_OLD", "the app secret of before, while it is being rotated"),
    open("GRAPH_BASE_URL", Some("https://graph.facebook.com"), "Graph API"),
    open("GRAPH_VERSION", Some("v25.0"), "version of the Graph API"),
    open(
        "WHATSAPP_MODE",
        Some("off"),
        "off: WhatsApp's terms bar general AI assistants; later releases add scoped and open",
    ),
    secret("OPENROUTER_API_KEY", "key of OpenRouter, tried first"),
    secret("OPENAI_API_KEY", "key of OpenAI"),
    open("OPENROUTER_BASE_URL", Some("https://openrouter.ai/api/v1"), "OpenRouter, or what stands in for it"),
    open("OPENAI_BASE_URL", Some("https://api.openai.com/v1"), "OpenAI, or what stands in for it"),
    open(
        "AI_MODEL",
        None,
        "usual model; the default is openai/gpt-4o-mini at OpenRouter, gpt-4o-mini at OpenAI",
    ),
    open(
        "AI_MODEL_CHEAP",
        None,
        "model for easy questions and when money runs low; gpt-4.1-nano, or AI_MODEL where that is set",
    ),
    open("AI_MODEL_BETTER", None, "model for hard questions and for people who paid; unset = the usual one"),
    secret("AI_PROVIDERS", "the whole order of AI providers, as JSON; see below"),
    open("SYSTEM_PROMPT", None, "replaces the built-in instructions to the AI"),
    open("MAX_TOKENS", None, "longest answer in tokens; the policy says 400"),
    open("MOMO_API_USER_ID", None, "API user of MoMo Collections, a UUID; without it paying \"comes soon\""),
    secret("MOMO_API_KEY", "its key"),
    secret("MOMO_SUBSCRIPTION_KEY", "subscription key of the product Collections"),
    open(
        "MOMO_BASE_URL",
        Some("https://sandbox.momodeveloper.mtn.com"),
        "MTN's gateway; production has another one",
    ),
    open(
        "MOMO_ENVIRONMENT",
        Some("sandbox"),
        "sandbox charges euros that nobody has; production charges SSP at mtnsouthsudan",
    ),
    open(
        "TEST_CONTACTS",
        None,
        "channel ids, with commas, that may buy while the sandbox meets real people; nobody else can then",
    ),
    open(
        "CALLBACK_HOST",
        None,
        "public https address of this service; MTN calls it back, people are shown its /terms",
    ),
    open("MOMO_CALLBACK_IPS", None, "addresses, with commas, that MTN calls from; unset = any"),
    secret("ENCRYPTION_KEY", "32 bytes in base64 or hex; seals phone numbers and texts at rest"),
    secret("ENCRYPTION_KEY_OLD", "the key of before; it only opens"),
    open("SUPPORT_CONTACT", None, "what a person who wants a human is shown"),
    secret("ALERT_URL", "webhook that gets alarms and cases as JSON"),
    open("LOG_LEVEL", Some("info"), "error, warn, info, debug or trace, also per module"),
    open("LOG_DIR", None, "folder of log files; unset = standard output only"),
    open("LOG_FORMAT", None, "json or text; unset = text on a terminal, else json"),
    open("POLICY_FILE", None, "TOML over any figure of the policy; `config --policy` prints all"),
    open(
        "AI_DAILY_BUDGET_USD",
        None,
        "most that AI calls may cost on a day of Juba; 0 = nothing; free questions may use 70 % of it",
    ),
    open("AI_MONTHLY_BUDGET_USD", None, "the same for a month"),
    open("AI_PERSON_DAILY_BUDGET_USD", None, "the same for one person on one day"),
    open("AI_SLOTS", Some("64"), "AI calls at once in this process"),
    open("SEND_SLOTS", Some("64"), "sends at once in this process"),
    open("SWEEP_INTERVAL_MS", Some("5000"), "how often the sweeper looks"),
    open(
        "BURST_WINDOW_MS",
        None,
        "how long a question waits for more of it; 0 = each message for itself; the policy says 1500",
    ),
    open("SLOW_REQUEST_MS", Some("1000"), "requests slower than this are logged as slow"),
    open(
        "TRUST_PROXY",
        Some("off"),
        "on: a proxy before us (HAProxy) ends X-Forwarded-For with the client's address; 3: three do, as on Render",
    ),
];

/// Settings of the running bot and of later releases: accepted, said so at start, and not used.
pub const NOT_YET: &[&str] = &["ADMIN_PASSWORD", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_PHONE_NUMBER_ID"];

/// The name of the region whose store a setting `REGION_<NAME>_URL` is.
pub fn region_of(name: &str) -> Option<&str> {
    let region = name.strip_prefix("REGION_")?.strip_suffix("_URL")?;
    (!region.is_empty()).then_some(region)
}
