//! The one codec: schema number and key id in plain sight, the rest sealed (XChaCha20-Poly1305).
//!
//! Layout: 2 bytes schema, 4 bytes key id, 24 bytes nonce, the sealed JSON with its 16-byte tag. The row that
//! a blob belongs to goes in as associated data, so blobs cannot be swapped between rows.

use std::sync::Arc;

use answerbot_core::{AggregateId, AggregateKind, State};
use chacha20poly1305::aead::{Aead, AeadInOut as _, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::keys::Key;
use crate::world::Entropy;

/// Most blobs are smaller: a first guess at their length.
const TYPICAL: usize = 1024;
const HEAD: usize = 2 + 4 + 24;

/// Why a blob cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Sealed under a key that is neither `ENCRYPTION_KEY` nor `ENCRYPTION_KEY_OLD`.
    #[error("sealed under another key; set ENCRYPTION_KEY_OLD to the key of before")]
    OtherKey,
    /// Written by a newer release.
    #[error("written by a newer release (schema {found}, this one knows {known})")]
    Newer {
        /// Schema of the blob.
        found: u32,
        /// Highest schema that this release reads.
        known: u32,
    },
    /// Whole, and in a form that this release does not know: another one wrote it.
    #[error("written by another release in a form that this one does not know")]
    Foreign,
    /// Cut, changed, or not ours.
    #[error("damaged")]
    Damaged,
}

/// Seals and opens.
#[derive(Clone)]
pub struct Codec {
    current: Sealer,
    old: Option<Sealer>,
    entropy: Arc<dyn Entropy>,
}

#[derive(Clone)]
struct Sealer {
    id: [u8; 4],
    cipher: XChaCha20Poly1305,
}

impl Sealer {
    fn new(key: &Key) -> Self {
        Self { id: key.id(), cipher: XChaCha20Poly1305::new(key.bytes().into()) }
    }
}

impl Codec {
    /// Seals under `current`; opens what `current` or `old` sealed.
    #[must_use]
    pub fn new(current: &Key, old: Option<&Key>, entropy: Arc<dyn Entropy>) -> Self {
        Self { current: Sealer::new(current), old: old.map(Sealer::new), entropy }
    }

    /// Id of the key that seals.
    #[must_use]
    pub const fn key_id(&self) -> [u8; 4] {
        self.current.id
    }

    /// Seals a value as JSON. `row` names where it will stand.
    pub fn seal<T: Serialize>(&self, schema: u32, row: &[u8], value: &T) -> Result<Vec<u8>, CodecError> {
        self.sealed(schema, row, |blob| serde_json::to_writer(blob, value).map_err(|_| CodecError::Damaged))
    }

    /// Seals bytes.
    pub fn seal_bytes(&self, schema: u32, row: &[u8], plain: &[u8]) -> Result<Vec<u8>, CodecError> {
        self.sealed(schema, row, |blob| {
            blob.extend_from_slice(plain);
            Ok(())
        })
    }

    /// What `write` puts behind the head is encrypted where it stands.
    fn sealed(
        &self,
        schema: u32,
        row: &[u8],
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<Vec<u8>, CodecError> {
        let schema = u16::try_from(schema).map_err(|_| CodecError::Damaged)?;
        let mut nonce = [0; 24];
        self.entropy.fill(&mut nonce);
        let mut blob = Vec::with_capacity(TYPICAL);
        blob.extend_from_slice(&schema.to_be_bytes());
        blob.extend_from_slice(&self.current.id);
        blob.extend_from_slice(&nonce);
        write(&mut blob)?;
        let tag = self
            .current
            .cipher
            .encrypt_inout_detached(&XNonce::from(nonce), row, (&mut blob[HEAD..]).into())
            .map_err(|_| CodecError::Damaged)?;
        blob.extend_from_slice(&tag);
        Ok(blob)
    }

    /// Opens a blob whose schema is at most `known`, and reads the JSON in it.
    pub fn open<T: DeserializeOwned>(&self, known: u32, row: &[u8], blob: &[u8]) -> Result<T, CodecError> {
        let plain = self.open_bytes(known, row, blob)?;
        serde_json::from_slice(&plain).map_err(|_| CodecError::Foreign)
    }

    /// Opens a blob.
    pub fn open_bytes(&self, known: u32, row: &[u8], blob: &[u8]) -> Result<Vec<u8>, CodecError> {
        let (head, sealed) = blob.split_at_checked(HEAD).ok_or(CodecError::Damaged)?;
        let found = u32::from(u16::from_be_bytes([head[0], head[1]]));
        if found > known {
            return Err(CodecError::Newer { found, known });
        }
        let id = &head[2..6];
        let sealers = std::iter::once(&self.current).chain(&self.old);
        let sealer = sealers.into_iter().find(|sealer| sealer.id == id).ok_or(CodecError::OtherKey)?;
        let nonce = <[u8; 24]>::try_from(&head[6..]).map_err(|_| CodecError::Damaged)?;
        let payload = Payload { msg: sealed, aad: row };
        sealer.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| CodecError::Damaged)
    }

    /// Opens the state of an aggregate.
    pub fn open_state(&self, aggregate: AggregateId, blob: &[u8]) -> Result<State, CodecError> {
        let (known, row) = (State::known_schema(aggregate.kind()), aggregate.as_bytes());
        Ok(match aggregate.kind() {
            AggregateKind::Contact => State::Contact(Box::new(self.open(known, row, blob)?)),
            AggregateKind::Payment => State::Payment(Box::new(self.open(known, row, blob)?)),
            AggregateKind::Payer => State::Payer(Box::new(self.open(known, row, blob)?)),
        })
    }

    /// Seals the state of an aggregate, whose row it is bound to.
    pub fn seal_state(&self, schema: u32, row: &[u8], state: &State) -> Result<Vec<u8>, CodecError> {
        match state {
            State::Contact(it) => self.seal(schema, row, it),
            State::Payment(it) => self.seal(schema, row, it),
            State::Payer(it) => self.seal(schema, row, it),
        }
    }

    /// Whether a blob is sealed under the current key.
    #[must_use]
    pub fn is_current(&self, blob: &[u8]) -> bool {
        blob.get(2..6) == Some(&self.current.id[..])
    }
}
