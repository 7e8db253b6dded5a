//! Settings as the program uses them.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use answerbot_core::Policy;
use answerbot_ports::keys::Key;
use answerbot_ports::regions::Region;
use answerbot_remote::momo::MomoEnvironment;
use secrecy::SecretString;

use super::ai::{self, AiProvider};
use super::momo::{self, Momo};
use super::raw::Raw;
use super::{Faults, policy};

/// Everything the program was told, checked.
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The store; with regions the directory too.
    pub database: Database,
    /// `REGION_<NAME>_URL`: the stores of regions.
    pub regions: Vec<(Region, Database)>,
    /// `REDIS_URL`.
    #[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "a fault without the driver"))]
    pub redis: Option<SecretString>,
    /// `NATS_URL`.
    #[cfg_attr(not(feature = "nats"), expect(dead_code, reason = "a fault without the driver"))]
    pub nats: Option<SecretString>,
    /// `NATS_REPLICAS`.
    #[cfg_attr(not(feature = "nats"), expect(dead_code, reason = "a fault without the driver"))]
    pub nats_replicas: u16,
    /// Messenger.
    pub messenger: Messenger,
    /// AI providers in the order of trying.
    pub ai: Vec<AiProvider>,
    /// MTN `MoMo`; `None` while paying is not set up.
    pub momo: Option<Momo>,
    /// `CALLBACK_HOST`, without a slash at its end.
    pub callback_host: Option<String>,
    /// `MOMO_CALLBACK_IPS`; empty = any.
    pub callback_ips: Vec<IpAddr>,
    /// `TEST_CONTACTS`.
    pub test_contacts: Vec<String>,
    /// Seals; `None` = made in the data folder.
    pub key: Option<Key>,
    /// Opens what was sealed before.
    pub old_key: Option<Key>,
    /// Gets alarms.
    pub alert_url: Option<SecretString>,
    /// `LOG_LEVEL`.
    pub log_level: String,
    /// `LOG_DIR`.
    pub log_dir: Option<PathBuf>,
    /// `LOG_FORMAT`.
    pub log_format: LogFormat,
    /// Every figure.
    pub policy: Policy,
    /// AI calls at once.
    pub ai_slots: usize,
    /// Sends at once.
    pub send_slots: usize,
    /// How often the sweeper looks.
    pub sweep_interval: Duration,
    /// Slower requests are logged.
    pub slow_request: Duration,
    /// Proxies before us whose X-Forwarded-For is believed.
    pub proxies: u8,
    /// Who runs the command, for the audit log.
    pub operator: String,
    /// Settings that are there and not used by this release.
    pub unused: Vec<String>,
}

/// The store.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// One file on this machine.
    Sqlite(PathBuf),
    /// A replica set or Atlas. The address may carry a password.
    Mongo(String),
}

impl Database {
    /// Whether several processes can share it.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self, Self::Mongo(_))
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::fmt::Display for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Mongo(url) => f.write_str(&without_password(url)),
        }
    }
}

/// An address without the name and password in it: `mongodb://user:word@host/db`.
#[must_use]
pub fn without_password(value: &str) -> String {
    match (value.split_once("://"), value.rfind('@')) {
        (Some((scheme, _)), Some(at)) => format!("{scheme}://********{}", &value[at..]),
        _ => value.to_owned(),
    }
}

/// Messenger's settings.
pub struct Messenger {
    /// `VERIFY_TOKEN`.
    pub verify_token: SecretString,
    /// `PAGE_ACCESS_TOKEN`.
    pub page_access_token: SecretString,
    /// `FB_APP_SECRET`.
    pub app_secret: SecretString,
    /// `FB_APP_SECRET_OLD`.
    pub app_secret_old: Option<SecretString>,
    /// `GRAPH_BASE_URL`.
    pub graph_base_url: String,
    /// `GRAPH_VERSION`.
    pub graph_version: String,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// JSON lines.
    Json,
    /// For people.
    Text,
}

impl Settings {
    /// Checks everything; all faults at once.
    pub fn check(raw: &Raw) -> Result<Self, Faults> {
        let mut faults = raw.faults.clone();
        let callback_host = raw.get("CALLBACK_HOST").map(|it| it.trim_end_matches('/').to_owned());
        if let Some(url) = &callback_host {
            check_url("CALLBACK_HOST", url, &mut faults);
        }
        let terms_url = callback_host.as_ref().map(|host| format!("{host}/terms"));
        let policy = policy::read(raw, terms_url, &mut faults);
        let mut read = Reader { raw, faults: &mut faults };
        let listen = SocketAddr::new(read.host(), read.number("PORT", 0, 65_535));
        let database = read.database();
        let regions = read.regions(&database);
        let redis =
            read.server("REDIS_URL", &["redis", "rediss"], "redis://127.0.0.1:6379", cfg!(feature = "redis"));
        let nats = read.server("NATS_URL", &["nats", "tls"], "nats://127.0.0.1:4222", cfg!(feature = "nats"));
        let messenger = Messenger {
            verify_token: read.needed(
                "VERIFY_TOKEN",
                "any word of yours, the same as in Meta's webhook form: VERIFY_TOKEN=my-word",
            ),
            page_access_token: read
                .needed("PAGE_ACCESS_TOKEN", "from the app's Messenger settings: PAGE_ACCESS_TOKEN=EAAG..."),
            app_secret: read
                .needed("FB_APP_SECRET", "from the app's basic settings: FB_APP_SECRET=0123abcd..."),
            app_secret_old: raw.get("FB_APP_SECRET_OLD").map(Into::into),
            graph_base_url: read.url("GRAPH_BASE_URL"),
            graph_version: read.text("GRAPH_VERSION"),
        };
        if raw.effective("WHATSAPP_MODE").0 != Some("off") {
            read.faults.push("WHATSAPP_MODE can only be off in this release: WHATSAPP_MODE=off.".into());
        }
        let ai = ai::read(raw, read.faults);
        let momo = momo::read(raw, read.faults);
        let settings = Self {
            listen,
            database,
            regions,
            redis,
            nats,
            nats_replicas: read.number("NATS_REPLICAS", 1, 5),
            messenger,
            ai,
            momo,
            callback_host,
            callback_ips: momo::callback_ips(raw, read.faults),
            test_contacts: momo::test_contacts(raw),
            key: read.key("ENCRYPTION_KEY"),
            old_key: read.key("ENCRYPTION_KEY_OLD"),
            alert_url: read.alert_url(),
            log_level: read.text("LOG_LEVEL"),
            log_dir: raw.get("LOG_DIR").map(PathBuf::from),
            log_format: read.log_format(),
            policy,
            ai_slots: usize::from(read.number("AI_SLOTS", 1, 10_000)),
            send_slots: usize::from(read.number("SEND_SLOTS", 1, 10_000)),
            sweep_interval: Duration::from_millis(read.milliseconds("SWEEP_INTERVAL_MS", 50, 86_400_000)),
            slow_request: Duration::from_millis(read.milliseconds("SLOW_REQUEST_MS", 1, 60_000)),
            proxies: read.proxies(),
            operator: raw.operator.clone().unwrap_or_else(|| "operator".into()),
            unused: raw.unused.iter().cloned().collect(),
        };
        if settings.key.is_none() && settings.database.is_shared() {
            faults.push(
                "ENCRYPTION_KEY is missing: all processes of a fleet seal under one key. Make one with `openssl rand -base64 \
                 32` and give it to each of them."
                    .into(),
            );
        } else if settings.key.is_none() && settings.meets_the_real_platform() {
            faults.push(
                "ENCRYPTION_KEY is missing: texts and phone numbers of real people are sealed under it. Make one with \
                 `openssl rand -base64 32` and keep it: without it nothing can be read again."
                    .into(),
            );
        }
        if faults.is_empty() { Ok(settings) } else { Err(Faults(faults)) }
    }

    /// Whether messages go to people, not to a stand-in on this machine.
    #[must_use]
    pub fn meets_the_real_platform(&self) -> bool {
        !is_loopback(&self.messenger.graph_base_url)
    }

    /// Who may buy: `None` = everybody. MTN's sandbox pays for anyone, so with real people only the named ones may.
    #[must_use]
    pub fn testers(&self) -> Option<Vec<String>> {
        let is_sandbox = self.momo.as_ref().is_some_and(|it| it.environment == MomoEnvironment::Sandbox);
        (is_sandbox && self.meets_the_real_platform()).then(|| self.test_contacts.clone())
    }
}

struct Reader<'a> {
    raw: &'a Raw,
    faults: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> String {
        self.raw.effective(name).0.unwrap_or_default().to_owned()
    }

    fn needed(&mut self, name: &str, example: &str) -> SecretString {
        match self.raw.get(name) {
            Some(value) => value.into(),
            None => {
                self.faults.push(format!("{name} is missing: {example}."));
                String::new().into()
            }
        }
    }

    fn milliseconds(&mut self, name: &str, from: u64, to: u64) -> u64 {
        let text = self.text(name);
        match text.parse().ok().filter(|value| (from..=to).contains(value)) {
            Some(value) => value,
            None => {
                self.faults.push(format!(
                    "{name} is \"{text}\", but it is a whole number from {from} to {to}, such as {from}."
                ));
                from
            }
        }
    }

    fn number(&mut self, name: &str, from: u16, to: u16) -> u16 {
        u16::try_from(self.milliseconds(name, from.into(), to.into())).unwrap_or(from)
    }

    fn proxies(&mut self) -> u8 {
        match self.text("TRUST_PROXY").as_str() {
            "on" | "true" | "yes" => 1,
            "off" | "false" | "no" => 0,
            other => other.parse().ok().filter(|it| *it < 10).unwrap_or_else(|| {
                let what = "it is off, on, or how many proxies stand before us, below 10: TRUST_PROXY=off";
                self.faults.push(format!("TRUST_PROXY is \"{other}\", but {what}."));
                0
            }),
        }
    }

    fn host(&mut self) -> IpAddr {
        let text = self.text("HOST");
        let text = if text == "localhost" { "127.0.0.1" } else { &text };
        text.parse().unwrap_or_else(|_| {
            self.faults.push(format!("HOST is \"{text}\", but it is an IP address: HOST=0.0.0.0."));
            IpAddr::from([127, 0, 0, 1])
        })
    }

    fn url(&mut self, name: &str) -> String {
        let text = self.text(name);
        check_url(name, &text, self.faults);
        text.trim_end_matches('/').to_owned()
    }

    fn database(&mut self) -> Database {
        if self.raw.names_two_stores() {
            self.faults.push(
                "MONGODB_URI is another name of DATABASE_URL, and they are set to different values: keep one of \
                 them, such as DATABASE_URL=sqlite:data/answerbot.db."
                    .into(),
            );
            return Database::Sqlite(PathBuf::new());
        }
        let text = self.text("DATABASE_URL");
        self.store("DATABASE_URL", &text)
    }

    /// Reads the address of a store.
    fn store(&mut self, name: &str, text: &str) -> Database {
        let path = text.strip_prefix("sqlite:").map(|rest| rest.strip_prefix("//").unwrap_or(rest));
        match path.map(|it| it.split('?').next().unwrap_or_default()).filter(|path| !path.is_empty()) {
            Some(path) => Database::Sqlite(PathBuf::from(path)),
            None => {
                let scheme = text.split(':').next().unwrap_or_default();
                match scheme {
                    "mongodb" | "mongodb+srv" if cfg!(feature = "mongodb") => return Database::Mongo(text.to_owned()),
                    "mongodb" | "mongodb+srv" => self.faults.push(format!(
                        "{name} names MongoDB, whose driver is not in this build: use one that was built with --features \
                         fleet, or {name}=sqlite:data/answerbot.db."
                    )),
                    _ => self.faults.push(format!("{name} is not understood: {name}=sqlite:data/answerbot.db.")),
                }
                Database::Sqlite(PathBuf::new())
            }
        }
    }

    /// The stores of regions, all of the kind of the main one.
    fn regions(&mut self, main: &Database) -> Vec<(Region, Database)> {
        let raw = self.raw;
        let mut regions: Vec<(Region, Database)> = Vec::new();
        for (setting, name, url) in raw.regions() {
            let region = match name.parse::<Region>() {
                Ok(region) if !region.is_main() => region,
                _ => {
                    self.faults.push(format!(
                        "{setting} names no region: a name has 1 to 20 letters, digits and dashes and is not MAIN, such as \
                         REGION_JUBA_URL."
                    ));
                    continue;
                }
            };
            let store = self.store(setting, url);
            if store.is_shared() != main.is_shared() {
                self.faults.push(format!(
                    "{setting} and DATABASE_URL are of different kinds: both name files, or both name MongoDB."
                ));
            } else if store == *main || regions.iter().any(|(_, other)| *other == store) {
                self.faults
                    .push(format!("{setting} names a store that is named twice: each region has its own."));
            }
            regions.push((region, store));
        }
        regions
    }

    /// The address of a server of a fleet.
    fn server(
        &mut self,
        name: &str,
        schemes: &[&str],
        example: &str,
        is_built: bool,
    ) -> Option<SecretString> {
        let url = self.raw.get(name)?;
        // A bare host, as platforms hand it over.
        let whole = if url.contains("://") { url.to_owned() } else { format!("{}://{url}", schemes[0]) };
        let url = whole.as_str();
        if !schemes.iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| rest.starts_with("://")))
        {
            self.faults.push(format!("{name} is not understood: {name}={example}."));
        } else if !is_built {
            self.faults.push(format!(
                "{name} is set, but its driver is not in this build: use one that was built with --features fleet, or unset it."
            ));
        }
        Some(url.into())
    }

    fn key(&mut self, name: &str) -> Option<Key> {
        let text = self.raw.get(name)?;
        match Key::parse(text) {
            Ok(key) => Some(key),
            Err(error) => {
                self.faults
                    .push(format!("{name} is wrong: {error}. Make one with `openssl rand -base64 32`."));
                None
            }
        }
    }

    fn alert_url(&mut self) -> Option<SecretString> {
        let url = self.raw.get("ALERT_URL")?;
        check_url("ALERT_URL", url, self.faults);
        Some(url.into())
    }

    fn log_format(&mut self) -> LogFormat {
        match self.raw.get("LOG_FORMAT") {
            None => LogFormat::Auto,
            Some("json") => LogFormat::Json,
            Some("text") => LogFormat::Text,
            Some(other) => {
                self.faults
                    .push(format!("LOG_FORMAT is \"{other}\", but it is json or text: LOG_FORMAT=json."));
                LogFormat::Auto
            }
        }
    }
}

/// A base URL is https; plain http only to this machine. The value itself may be a secret and is not shown.
pub(super) fn check_url(name: &str, url: &str, faults: &mut Vec<String>) {
    let parsed = reqwest::Url::parse(url).ok().filter(reqwest::Url::has_host);
    let is_fine =
        parsed.is_some_and(|it| it.scheme() == "https" || (it.scheme() == "http" && is_loopback(url)));
    if !is_fine {
        faults.push(format!("{name} is no https address (plain http is taken for this machine only), such as https://example.org."));
    }
}

pub(super) fn is_loopback(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    match url.host_str().map(|host| host.trim_matches(['[', ']'])) {
        Some("localhost") => true,
        Some(host) => host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}
