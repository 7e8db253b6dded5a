//! Keys: one that seals, perhaps an old one that still opens, and one that hashes addresses.

use std::fmt;

use answerbot_core::contact::event::To;
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::reuse::Language;
use answerbot_core::{Address, AggregateId, ContactId, PayerId, Target};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// A key of 32 bytes. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

/// The text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is 32 bytes, written in base64 (44 characters) or hex (64 characters)")]
pub struct BadKey;

impl Key {
    /// A key from 32 bytes drawn elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads base64 or hex.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let text = text.trim();
        let bytes = match text.len() {
            64 => hex::decode(text).map_err(|_| BadKey)?,
            _ => BASE64_STANDARD
                .decode(text)
                .or_else(|_| BASE64_STANDARD_NO_PAD.decode(text))
                .map_err(|_| BadKey)?,
        };
        bytes.try_into().map(Self).map_err(|_| BadKey)
    }

    /// The key in base64, for a key file.
    #[must_use]
    pub fn to_base64(&self) -> String {
        BASE64_STANDARD.encode(self.0)
    }

    /// The bytes, for ciphers.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Four bytes that tell keys apart and give nothing away.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash = Sha256::new().chain_update(b"answerbot key id").chain_update(self.0).finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", hex::encode(self.id()))
    }
}

/// Hashes addresses and pseudonyms. Made once for a store, kept wrapped in it, never rotated: contacts are
/// found by it.
#[derive(Clone, Debug)]
pub struct HashKey(Key);

impl HashKey {
    /// Wraps a key drawn once.
    #[must_use]
    pub const fn new(key: Key) -> Self {
        Self(key)
    }

    /// The key, to be kept wrapped in a store of another region.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.0
    }

    /// The contact that an address belongs to unless an alias says otherwise. Racing creators agree.
    #[must_use]
    pub fn contact(&self, address: &Address) -> ContactId {
        ContactId::from_bytes(self.hash(&[
            b"contact",
            address.channel.name().as_bytes(),
            address.page.as_bytes(),
            address.user.as_bytes(),
        ]))
    }

    /// Whom an envelope concerns, and the identity that spoke where a channel told us.
    #[must_use]
    pub fn whom(&self, to: &To) -> (AggregateId, Option<ContactId>) {
        match to {
            To::Address(address) => {
                let contact = self.contact(address);
                (contact.into(), Some(contact))
            }
            To::Aggregate(aggregate) => (*aggregate, None),
        }
    }

    /// The aggregate of a paying number.
    #[must_use]
    pub fn payer(&self, number: Msisdn) -> PayerId {
        PayerId::from_bytes(self.hash(&[b"payer", number.digits().as_bytes()]))
    }

    /// Whom an effect tells.
    #[must_use]
    pub fn target(&self, target: Target) -> AggregateId {
        match target {
            Target::Contact(id) => id.into(),
            Target::Payment(id) => id.into(),
            Target::PayerOf(number) => self.payer(number).into(),
        }
    }

    /// A stable pseudonym of a contact for a third party.
    #[must_use]
    pub fn pseudonym(&self, contact: ContactId) -> String {
        hex::encode(self.hash(&[b"pseudonym", contact.as_bytes()]))
    }

    /// The keyed hash of a question in its normal form.
    #[must_use]
    pub fn question(&self, language: Language, normal: &str) -> [u8; 16] {
        self.hash(&[b"question", language.code().as_bytes(), normal.as_bytes()])
    }

    /// Who calls over HTTP, for counting: addresses are few enough to be guessed from a plain digest.
    #[must_use]
    pub fn caller(&self, address: &[u8]) -> [u8; 16] {
        self.hash(&[b"caller", address])
    }

    /// What stands in the address that MTN calls back, so that nobody else knows it: 32 hexadecimal digits, the
    /// same for the life of the store.
    #[must_use]
    pub fn callback_secret(&self) -> String {
        hex::encode(self.hash(&[b"momo callback"]))
    }

    /// What a callback's body is known by. Keyed: beside a phone number and a price there is little in a body that
    /// could not be guessed from a plain digest.
    #[must_use]
    pub fn callback_digest(&self, body: &[u8]) -> [u8; 32] {
        self.full(&[b"callback", body])
    }

    fn hash(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut short = [0; 16];
        short.copy_from_slice(&self.full(parts)[..16]);
        short
    }

    fn full(&self, parts: &[&[u8]]) -> [u8; 32] {
        // HMAC takes keys of any length, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.bytes()) else { return [0; 32] };
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}
