//! Identifiers, each its own type: 16 bytes, written as 32 hex digits.

use alloc::string::{String, ToString as _};
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use crate::aggregate::AggregateId;

/// A text that is no identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an identifier is 32 hexadecimal digits")]
pub struct BadId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Wraps 16 bytes that were derived or drawn elsewhere.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The bytes, as stores keep them.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(hex(&self.0, &mut [0; 32]))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                parse(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(hex(&self.0, &mut [0; 32]))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

id! {
    /// One account of a person. By default the keyed hash of its first address.
    ContactId
}
id! {
    /// Something that happened, once: derived from the channel and the platform's message id.
    EventId
}
id! {
    /// Something to do, derived from the decision that wrote it down; a retry is the same effect.
    EffectId
}

id! {
    /// One payment, and the reference that MTN knows it by: the bytes of a version 4 UUID.
    PaymentId
}
id! {
    /// One paying number: its keyed hash.
    PayerId
}

impl PaymentId {
    /// A reference from 16 bytes of randomness, with the marks of a version 4 UUID (RFC 9562), which MTN demands.
    #[must_use]
    pub const fn draw(mut seed: [u8; 16]) -> Self {
        seed[6] = seed[6] & 0x0f | 0x40;
        seed[8] = seed[8] & 0x3f | 0x80;
        Self(seed)
    }

    /// The reference of an order that our books lost and MTN's statement names: the same from the same name.
    #[must_use]
    pub fn recovered(external_id: &str) -> Self {
        Self::draw(digest("recovered", &[external_id.as_bytes()]))
    }

    /// As MTN writes it: 8-4-4-4-12 hexadecimal digits.
    #[must_use]
    pub fn uuid(&self) -> String {
        uuid::Uuid::from_bytes(self.0).hyphenated().to_string()
    }

    /// Reads it with or without hyphens.
    pub fn parse_uuid(text: &str) -> Result<Self, BadId> {
        uuid::Uuid::parse_str(text.trim()).map(|it| Self(it.into_bytes())).map_err(|_| BadId)
    }
}

impl EventId {
    /// The id of what an effect tells another aggregate: however often it is told, it is one event.
    #[must_use]
    pub fn told(effect: EffectId) -> Self {
        Self(digest("told", &[&effect.0]))
    }
}

impl EventId {
    /// The id of what a platform calls `provider_id` on `channel`; a redelivery derives the same.
    #[must_use]
    pub fn derive(channel: &str, provider_id: &str) -> Self {
        Self(digest("event", &[channel.as_bytes(), provider_id.as_bytes()]))
    }
}

impl EventId {
    /// A digest of a message's text, to know an echo by.
    #[must_use]
    pub fn digest(text: &str) -> Self {
        Self(digest("text", &[text.as_bytes()]))
    }
}

impl EffectId {
    /// The id of the `index`-th effect of an aggregate's decision number `decision`.
    #[must_use]
    pub fn derive(aggregate: impl Into<AggregateId>, decision: u64, index: u32) -> Self {
        let aggregate = aggregate.into();
        Self(digest("effect", &[aggregate.as_bytes(), &decision.to_be_bytes(), &index.to_be_bytes()]))
    }
}

/// Sixteen bytes for `what` from a seed that the engine drew: for something else, others.
pub(crate) fn drawn(seed: &[u8; 16], what: &str) -> [u8; 16] {
    digest("drawn", &[seed, what.as_bytes()])
}

fn digest(domain: &str, parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in core::iter::once(&domain.as_bytes()).chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let full = hash.finalize();
    let mut short = [0; 16];
    short.copy_from_slice(&full[..16]);
    short
}

pub(crate) fn hex<'a>(bytes: &[u8; 16], out: &'a mut [u8; 32]) -> &'a str {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    core::str::from_utf8(out).unwrap_or_default()
}

pub(crate) fn parse(text: &str) -> Result<[u8; 16], BadId> {
    let digits = text.as_bytes();
    if digits.len() != 32 {
        return Err(BadId);
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok()).ok_or(BadId);
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Ok(bytes)
}
