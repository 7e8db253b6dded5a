//! Signatures over bodies that are too big to keep.
//!
//! `Channel::verify` wants the whole body. What is beyond the limit is hashed piece by piece instead and
//! thrown away, so that even then a platform can be told from a stranger.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Checks one signature over a body that comes in pieces.
pub trait SignatureCheck: Send {
    /// The next piece.
    fn update(&mut self, piece: &[u8]);

    /// Whether `signature` (the value of `X-Hub-Signature-256`) is right for all pieces; in constant time.
    fn finish(self: Box<Self>, signature: &str) -> bool;
}

/// Makes a check for one body.
pub type Oversize = Box<dyn Fn() -> Box<dyn SignatureCheck> + Send + Sync>;

/// Takes no signature: every body beyond the limit is answered 413.
#[must_use]
pub fn unchecked() -> Oversize {
    struct Never;

    impl SignatureCheck for Never {
        fn update(&mut self, _: &[u8]) {}

        fn finish(self: Box<Self>, _: &str) -> bool {
            false
        }
    }

    Box::new(|| Box::new(Never))
}

/// Meta's signature: `sha256=` and the hex HMAC-SHA256 of the body, under any of these app secrets (two while
/// one is being rotated). Empty secrets are left out; with none left every signature is wrong.
#[must_use]
pub fn app_secrets<S: AsRef<[u8]>>(secrets: impl IntoIterator<Item = S>) -> Oversize {
    // HMAC takes keys of any length, so none is lost here.
    let fresh: Vec<Hmac<Sha256>> = secrets
        .into_iter()
        .filter(|secret| !secret.as_ref().is_empty())
        .filter_map(|secret| Hmac::new_from_slice(secret.as_ref()).ok())
        .collect();
    Box::new(move || Box::new(AppSecrets(fresh.clone())))
}

struct AppSecrets(Vec<Hmac<Sha256>>);

impl SignatureCheck for AppSecrets {
    fn update(&mut self, piece: &[u8]) {
        for mac in &mut self.0 {
            mac.update(piece);
        }
    }

    fn finish(self: Box<Self>, signature: &str) -> bool {
        let mut tag = [0; 32];
        let digits = signature.strip_prefix("sha256=");
        if digits.is_none_or(|digits| hex::decode_to_slice(digits, &mut tag).is_err()) {
            return false;
        }
        // `fold`, so that the time does not tell which secret was right.
        self.0.into_iter().fold(false, |right, mac| mac.verify_slice(&tag).is_ok() | right)
    }
}
