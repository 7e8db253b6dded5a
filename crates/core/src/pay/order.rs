//! The names of an order: one for the receipt, one for MTN's statement.

use alloc::format;
use alloc::string::String;

use super::price::Plan;
use crate::id::{ContactId, PaymentId};

/// Digits and letters that nobody mistakes for each other (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The number that a receipt carries, such as `7K3F-9Q2D`: forty bits of the payment's own randomness.
#[must_use]
pub fn code(payment: PaymentId) -> String {
    let letters = base32(&payment.as_bytes()[..5]);
    format!("{}-{}", &letters[..4], &letters[4..])
}

/// Reads a receipt's number as people write it: in either case, with or without the hyphen, with O for 0 and I or L
/// for 1. `None` for any other text.
#[must_use]
pub fn read_code(text: &str) -> Option<String> {
    let mut letters = String::new();
    for c in text.trim().chars().filter(|it| *it != '-' && *it != ' ') {
        let c = match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        letters.push(c);
    }
    let well = letters.len() == 8 && letters.bytes().all(|it| LETTERS.contains(&it));
    well.then(|| format!("{}-{}", &letters[..4], &letters[4..]))
}

/// What MTN is given as external id, and what its statement carries: enough to allocate the money if our row is
/// lost: `ab1.<contact>.<plan>.<version of the price>.<number of the order>`.
#[must_use]
pub fn external_id(contact: ContactId, plan: Plan, version: u32, seq: u32) -> String {
    let plan = match plan {
        Plan::Weekly => 'w',
        Plan::Monthly => 'm',
    };
    format!("ab1.{contact}.{plan}.{version}.{seq}")
}

/// What an external id says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// Whose order.
    pub contact: ContactId,
    /// For which plan.
    pub plan: Plan,
    /// At which version of its price.
    pub version: u32,
    /// The person's how many-th order.
    pub seq: u32,
}

/// Reads an external id of ours in either case; `None` for any other text.
#[must_use]
pub fn read(external_id: &str) -> Option<Named> {
    let lower = external_id.trim().to_lowercase();
    let mut parts = lower.split('.');
    let (Some("ab1"), Some(contact)) = (parts.next(), parts.next()) else { return None };
    let plan = match parts.next()? {
        "w" => Plan::Weekly,
        "m" => Plan::Monthly,
        _ => return None,
    };
    let (version, seq) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let named = Named { contact: contact.parse().ok()?, plan, version, seq };
    parts.next().is_none().then_some(named)
}

fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(LETTERS[(held >> bits) as usize % 32]));
        }
    }
    out
}
