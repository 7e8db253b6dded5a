//! How the stream and its consumer should be; makes them, changes them, and says what differs.

use std::fmt::Debug;
use std::time::Duration;

use async_nats::ConnectOptions;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::{self, AckPolicy, PullConsumer, pull};
use async_nats::jetstream::context::{Context, ContextBuilder, GetStreamErrorKind};
use async_nats::jetstream::stream::{
    Config, ConsumerErrorKind, DiscardPolicy, RetentionPolicy, StorageType, Stream,
};

use super::{NatsError, NatsSettings};

/// The one consumer. All workers pull from it.
pub(super) const CONSUMER: &str = "workers";
/// A ring that is held longer comes again elsewhere. Harmless: the second one finds nothing to do.
pub(super) const ACK_WAIT: Duration = Duration::from_secs(30);
/// Most rings that all workers together hold.
pub(super) const MOST_HELD: i64 = 256;
/// Room for rings when nobody works: about a million. NATS sets it aside at once, so a small disk must have it.
const MOST_BYTES: i64 = 256 << 20;
/// No ring is larger: 16 KB of blob, its head and its headers.
const MOST_RING_BYTES: i32 = 32 * 1024;
/// How long NATS knows a ring that it had. The store knows for ten days; this only saves work.
const DUPLICATES: Duration = Duration::from_mins(2);
/// An older ring was overtaken by the sweeper long ago, and texts of people should not lie around, sealed or not.
const OLDEST: Duration = Duration::from_hours(24);
const ANSWER: Duration = Duration::from_secs(10);

/// What `migrate` did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migrated {
    /// The stream or its consumer was not there.
    pub made: bool,
    /// What differed and was changed, a sentence each.
    pub changed: Vec<String>,
}

/// Makes stream and consumer, or changes them to what they should be, and checks that they are.
///
/// # Errors
///
/// [`NatsError::Differs`] says what NATS would not change.
pub async fn migrate(settings: &NatsSettings) -> Result<Migrated, NatsError> {
    let context = reach(settings).await?;
    let mut migrated = Migrated { made: make_missing(&context, settings).await?, ..Migrated::default() };
    migrated.changed = differences(&context, settings).await?;
    if migrated.changed.is_empty() {
        return Ok(migrated);
    }
    let found = stream(&context, settings).await?.ok_or_else(|| vanished("stream"))?;
    let refused = |why: String| {
        let mut all = migrated.changed.clone();
        all.push(why);
        NatsError::Differs(all)
    };
    context
        .update_stream(wanted_stream(settings, found.cached_info().config.clone()))
        .await
        .map_err(|error| refused(error.to_string()))?;
    context
        .create_consumer_on_stream(wanted_consumer(), &settings.stream)
        .await
        .map_err(|error| refused(error.to_string()))?;
    let left = differences(&context, settings).await?;
    if left.is_empty() { Ok(migrated) } else { Err(NatsError::Differs(left)) }
}

/// What is not as it should be, a sentence each. Changes nothing.
pub async fn check(settings: &NatsSettings) -> Result<Vec<String>, NatsError> {
    let context = reach(settings).await?;
    differences(&context, settings).await
}

/// The options that every connection has, and where it goes.
pub(super) fn options(settings: &NatsSettings) -> (Vec<String>, ConnectOptions) {
    let addresses = settings.url.split(',').map(|it| it.trim().to_owned()).collect();
    let options = ConnectOptions::new()
        .name("answerbot")
        .connection_timeout(Duration::from_secs(5))
        .ping_interval(Duration::from_secs(10));
    (addresses, options)
}

async fn reach(settings: &NatsSettings) -> Result<Context, NatsError> {
    let (addresses, options) = options(settings);
    super::link::readable(&addresses)?;
    let client = options.connect(addresses).await.map_err(|error| NatsError::Away(error.to_string()))?;
    Ok(ContextBuilder::new().timeout(ANSWER).build(client))
}

/// Makes what is not there; true when something was not.
pub(super) async fn make_missing(context: &Context, settings: &NatsSettings) -> Result<bool, NatsError> {
    let mut made = false;
    if stream(context, settings).await?.is_none() {
        context
            .create_stream(wanted_stream(settings, Config::default()))
            .await
            .map_err(|error| refused("make the stream of rings", &error))?;
        made = true;
    }
    if consumer(context, settings).await?.is_none() {
        context
            .create_consumer_on_stream(wanted_consumer(), &settings.stream)
            .await
            .map_err(|error| refused("make the consumer of rings", &error))?;
        made = true;
    }
    Ok(made)
}

async fn stream(context: &Context, settings: &NatsSettings) -> Result<Option<Stream>, NatsError> {
    match context.get_stream(&settings.stream).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(it) if it.error_code() == ErrorCode::STREAM_NOT_FOUND => Ok(None),
            GetStreamErrorKind::JetStream(_) => Err(refused("tell of the stream of rings", &error)),
            _ => Err(NatsError::Away(error.to_string())),
        },
    }
}

/// The consumer with what is known of it, in one request; `None` when it or its stream is not there.
pub(super) async fn consumer(
    context: &Context,
    settings: &NatsSettings,
) -> Result<Option<PullConsumer>, NatsError> {
    match context.get_consumer_from_stream::<pull::Config, _, _>(CONSUMER, &settings.stream).await {
        Ok(consumer) => Ok(Some(consumer)),
        Err(error) => match error.kind() {
            ConsumerErrorKind::JetStream(it)
                if matches!(it.error_code(), ErrorCode::CONSUMER_NOT_FOUND | ErrorCode::STREAM_NOT_FOUND) =>
            {
                Ok(None)
            }
            ConsumerErrorKind::JetStream(_) | ConsumerErrorKind::InvalidConsumerType => {
                Err(refused("tell of the consumer of rings", &error))
            }
            _ => Err(NatsError::Away(error.to_string())),
        },
    }
}

/// Keeps what an operator may have added to `found`, such as a placement.
fn wanted_stream(settings: &NatsSettings, found: Config) -> Config {
    Config {
        name: settings.stream.clone(),
        description: Some("Answer Bot AI: who has something waiting. The store is the truth.".into()),
        subjects: vec![format!("{}.*", settings.subjects)],
        retention: RetentionPolicy::WorkQueue,
        storage: StorageType::File,
        num_replicas: settings.replicas,
        // OLD would drop rings in silence; NEW tells whoever rings.
        discard: DiscardPolicy::New,
        max_bytes: MOST_BYTES,
        max_messages: settings.most_rings.map_or(-1, i64::from),
        max_messages_per_subject: -1,
        max_message_size: MOST_RING_BYTES,
        max_consumers: -1,
        max_age: OLDEST,
        duplicate_window: DUPLICATES,
        ..found
    }
}

fn wanted_consumer() -> pull::Config {
    pull::Config {
        durable_name: Some(CONSUMER.into()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        // Attempts are counted in the store, by event; a ring is never dead.
        max_deliver: -1,
        max_ack_pending: MOST_HELD,
        ..pull::Config::default()
    }
}

pub(super) async fn differences(
    context: &Context,
    settings: &NatsSettings,
) -> Result<Vec<String>, NatsError> {
    let Some(stream) = stream(context, settings).await? else {
        return Ok(vec![format!("the stream {} is not there", settings.stream)]);
    };
    let found = &stream.cached_info().config;
    let wanted = wanted_stream(settings, found.clone());
    let mut all = Vec::new();
    differs(&mut all, "subjects", &found.subjects, &wanted.subjects);
    differs(&mut all, "retention", &found.retention, &wanted.retention);
    differs(&mut all, "storage", &found.storage, &wanted.storage);
    differs(&mut all, "replicas", &found.num_replicas, &wanted.num_replicas);
    differs(&mut all, "discard", &found.discard, &wanted.discard);
    differs(&mut all, "max_bytes", &found.max_bytes, &wanted.max_bytes);
    differs(&mut all, "max_msgs", &found.max_messages, &wanted.max_messages);
    differs(
        &mut all,
        "max_msgs_per_subject",
        &found.max_messages_per_subject,
        &wanted.max_messages_per_subject,
    );
    differs(&mut all, "max_msg_size", &found.max_message_size, &wanted.max_message_size);
    differs(&mut all, "max_age", &found.max_age, &wanted.max_age);
    differs(&mut all, "duplicate_window", &found.duplicate_window, &wanted.duplicate_window);
    let info: consumer::Info = match consumer(context, settings).await {
        Ok(Some(consumer)) => consumer.cached_info().clone(),
        Ok(None) => {
            all.push(format!("the consumer {CONSUMER} is not there"));
            return Ok(all);
        }
        Err(NatsError::Refused { why, .. }) => {
            all.push(format!("the consumer {CONSUMER} is of another kind: {why}"));
            return Ok(all);
        }
        Err(error) => return Err(error),
    };
    let (found, wanted) = (info.config, wanted_consumer());
    differs(&mut all, "the consumer's ack_policy", &found.ack_policy, &wanted.ack_policy);
    differs(&mut all, "the consumer's ack_wait", &found.ack_wait, &wanted.ack_wait);
    differs(&mut all, "the consumer's max_deliver", &found.max_deliver, &wanted.max_deliver);
    differs(&mut all, "the consumer's max_ack_pending", &found.max_ack_pending, &wanted.max_ack_pending);
    differs(&mut all, "the consumer's filter_subject", &found.filter_subject, &wanted.filter_subject);
    Ok(all)
}

fn differs<T: Debug + PartialEq>(all: &mut Vec<String>, what: &str, found: &T, wanted: &T) {
    if found != wanted {
        all.push(format!("{what} is {found:?}, not {wanted:?}"));
    }
}

fn refused(what: &'static str, why: &impl ToString) -> NatsError {
    NatsError::Refused { what, why: why.to_string() }
}

fn vanished(what: &'static str) -> NatsError {
    NatsError::Refused { what: "keep it", why: format!("the {what} vanished meanwhile") }
}
