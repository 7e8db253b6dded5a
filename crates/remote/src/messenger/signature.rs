//! HMAC-SHA256 with the app secret: of bodies that come in, and of the token that goes out.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Whether `signature` is `sha256=` and the 64 lower-case hex digits of the HMAC of these raw bytes.
///
/// Compared in constant time. An empty secret signs nothing: anybody could compute that.
pub(super) fn is_valid(secret: &SecretString, signature: &str, body: &[u8]) -> bool {
    let Some(digits) = signature.strip_prefix("sha256=") else { return false };
    let is_lower_hex = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    let mut given = [0; 32];
    if secret.expose_secret().is_empty() || !is_lower_hex || hex::decode_to_slice(digits, &mut given).is_err()
    {
        return false;
    }
    hmac(secret, body).is_some_and(|mac| mac.verify_slice(&given).is_ok())
}

/// `appsecret_proof`: shows Graph that the caller of a token also knows the app secret.
pub(super) fn proof(secret: &SecretString, token: &SecretString) -> SecretString {
    let mac = hmac(secret, token.expose_secret().as_bytes());
    mac.map(|mac| hex::encode(mac.finalize().into_bytes())).unwrap_or_default().into()
}

fn hmac(secret: &SecretString, message: &[u8]) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of any length, so this is never `None`.
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
    Some(mac.chain_update(message))
}
