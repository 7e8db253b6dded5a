//! The one place where adapters are chosen.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::pay::price::Selling;
use answerbot_engine::{Engine, Options, Ports};
use answerbot_local::Access;
use answerbot_ports::ai::{Ai, Alerts as _};
use answerbot_ports::channel::Channel;
use answerbot_ports::keys::HashKey;
use answerbot_ports::world::Clock;
use answerbot_remote::ai::{Limits, ProviderConfig, ProviderKind, Providers};
use answerbot_remote::alerts::Alerts;
use answerbot_remote::messenger::{Deadlines, Messenger, MessengerConfig};
use answerbot_remote::momo::{Momo, MomoConfig, MomoEnvironment};
use answerbot_web::{PublicPages, WebParts, WebState};
use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;

use crate::cli::Role;
use crate::config::Settings;
use crate::shared::Rings;
use crate::stores::Stores;
use crate::telemetry::Metrics;
use crate::world::{OsEntropy, SystemClock};

/// Hints are not worth more.
const HINT_DEADLINE: Duration = Duration::from_secs(3);

/// What every command may need of the world.
pub struct World {
    pub settings: Settings,
    pub clock: Arc<SystemClock>,
    pub client: reqwest::Client,
}

impl World {
    pub fn new(settings: Settings) -> anyhow::Result<Self> {
        let connect = millis(settings.policy.ai.connect_ms);
        let client = answerbot_remote::http::client(connect).context("the HTTP client")?;
        Ok(Self { settings, clock: Arc::new(SystemClock::new()), client })
    }

    pub fn messenger(&self) -> Messenger {
        let it = &self.settings.messenger;
        let config = MessengerConfig {
            app_secret: it.app_secret.clone(),
            app_secret_old: it.app_secret_old.clone(),
            page_access_token: it.page_access_token.clone(),
            graph_base_url: it.graph_base_url.clone(),
            graph_version: it.graph_version.clone(),
            page_id: None,
        };
        let send = millis(self.settings.policy.time.send_deadline_ms);
        Messenger::new(config, self.client.clone(), Deadlines { send, hint: HINT_DEADLINE })
    }

    pub fn ai(&self) -> Providers {
        let providers = self.settings.ai.iter().map(|it| ProviderConfig {
            name: it.name.clone(),
            base_url: it.base_url.clone(),
            api_key: it.key.clone(),
            model: it.models.first().cloned().unwrap_or_default(),
            fallback_models: it.models.iter().skip(1).cloned().collect(),
            cheap_model: it.cheap_model.clone(),
            better_model: it.better_model.clone(),
            prices: it.prices.clone(),
            kind: if it.is_openrouter { ProviderKind::OpenRouter } else { ProviderKind::OpenAi },
        });
        let policy = &self.settings.policy.ai;
        let limits = Limits {
            attempt: millis(policy.attempt_ms),
            least: millis(policy.least_ms),
            first: millis(policy.first_ms),
            idle: millis(policy.idle_ms),
            slow: millis(policy.slow_ms),
        };
        Providers::new(
            providers.collect(),
            self.client.clone(),
            limits,
            Arc::clone(&self.clock) as Arc<dyn Clock>,
        )
    }

    /// The account that people pay to; `None` while paying is not set up. Its callback carries a secret of the
    /// store's.
    pub fn momo(&self, hash: &HashKey) -> Option<Momo> {
        let it = self.settings.momo.as_ref()?;
        let prefix = |host: &String| format!("{host}/momo/callback/{}", hash.callback_secret()).into();
        let config = MomoConfig {
            base_url: it.base_url.clone(),
            environment: it.environment,
            api_user: it.api_user.clone(),
            api_key: it.api_key.clone(),
            subscription_key: it.subscription_key.clone(),
            callback_prefix: self.settings.callback_host.as_ref().map(prefix),
        };
        Some(Momo::new(config, self.client.clone(), Arc::clone(&self.clock) as Arc<dyn Clock>))
    }

    /// Whether, and for what money, anything is sold.
    pub fn selling(&self) -> Selling {
        match self.settings.momo.as_ref().map(|it| it.environment) {
            None => Selling::Off,
            Some(MomoEnvironment::Sandbox) => Selling::Sandbox,
            Some(MomoEnvironment::Production) => Selling::Production,
        }
    }

    pub fn alerts(&self) -> Alerts {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Alerts::new(self.settings.alert_url.clone(), self.client.clone(), clock)
    }
}

/// The service, assembled and not yet running.
pub struct Service {
    pub engine: Engine,
    pub stores: Stores,
    pub rings: Rings,
    pub router: axum::Router,
    pub draining: CancellationToken,
    pub metrics: Metrics,
}

/// Assembles the service. Needs the runtime's context.
pub async fn service(world: &World, metrics: Metrics, role: Role, work: bool) -> anyhow::Result<Service> {
    let settings = &world.settings;
    let rings = world.rings(role).await?;
    let stores = world.store_that_rings(Access::Serve, Some(Arc::clone(&rings.queue))).await?;
    // Those that are there are open before the first webhook; nobody waits long for those that are not.
    stores.reach().await;
    let (store, hash) = (Arc::clone(&stores.all), stores.hash.clone());
    let common = world.common(&stores)?;
    if stores.lost_leases() > 0 {
        tracing::warn!(
            effects = stores.lost_leases(),
            "an earlier process died at work; its effects are performed again"
        );
    }
    let alerts = Arc::new(world.alerts());
    let channels: Vec<Arc<dyn Channel>> = vec![Arc::new(world.messenger())];
    let ai: Arc<dyn Ai> = Arc::new(world.ai());
    let ports = Ports {
        store: Arc::clone(&store) as _,
        queue: Arc::clone(&rings.queue),
        cache: common.cache,
        channels: channels.clone(),
        ai,
        answers: common.answers,
        alerts: Arc::clone(&alerts) as _,
        clock: Arc::clone(&world.clock) as _,
        entropy: Arc::new(OsEntropy),
        hash_key: hash.clone(),
        policy: Arc::new(settings.policy.clone()),
        payments: world.momo(&hash).map(|it| Arc::new(it) as _),
        selling: world.selling(),
        testers: settings.testers(),
    };
    let options = Options {
        ai_slots: settings.ai_slots,
        send_slots: settings.send_slots,
        sweep_interval: settings.sweep_interval,
        // A process that only takes webhooks decides nothing.
        work: work && role != Role::Web,
    };
    let engine = Engine::new(ports, options);
    let draining = CancellationToken::new();
    let secrets = std::iter::once(&settings.messenger.app_secret)
        .chain(&settings.messenger.app_secret_old)
        .map(|secret| secret.expose_secret().as_bytes().to_vec())
        .collect::<Vec<_>>();
    let tasks = engine.tasks();
    let parts = WebParts {
        intake: Arc::new(engine.clone()),
        channels,
        store: Arc::clone(&store) as _,
        clock: Arc::clone(&world.clock) as _,
        verify_token: settings.messenger.verify_token.expose_secret().to_owned(),
        oversize: answerbot_web::app_secrets(secrets),
        slow_request: settings.slow_request,
        metrics: metrics.render(),
        alarm: Arc::new(move |text: &str| {
            let (alerts, text) = (Arc::clone(&alerts), text.to_owned());
            tasks.spawn(async move { alerts.alarm("platform", &text).await });
        }),
        limits: common.limits,
        draining: draining.clone(),
        proxies: settings.proxies,
        // Without MoMo nobody calls back.
        callbacks: settings.momo.is_some().then(|| Arc::new(engine.clone()) as _),
        callback_secret: hash.callback_secret(),
        callback_ips: settings.callback_ips.clone(),
        public: PublicPages {
            service: "Answer Bot AI".into(),
            support: settings.policy.service.support_contact.clone(),
            terms_version: settings.policy.service.terms_version,
            free_per_day: settings.policy.quota.free_per_day,
            paid_per_day: settings.policy.quota.paid_per_day,
        },
    };
    let state = WebState::new(parts);
    let router =
        if role == Role::Worker { answerbot_web::health(state) } else { answerbot_web::router(state) };
    Ok(Service { engine, stores, rings, router, draining, metrics })
}

/// A duration of the policy.
pub fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
