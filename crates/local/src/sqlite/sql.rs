//! The statements that run for every message. Tests ask SQLite for the plan of exactly these.

/// Marks an event as seen; changes nothing when it was.
pub const SEE: &str = "INSERT OR IGNORE INTO seen (id, at) VALUES (?1, ?2)";
/// The contact an address is an alias of.
pub const ALIAS: &str = "SELECT owner FROM claim WHERE key = ?1";
/// A contact's row by its id.
pub const CONTACT_HEAD: &str = "SELECT no, consumed FROM contact WHERE external_id = ?1";
/// A new contact.
pub const CONTACT_NEW: &str = "INSERT INTO contact (external_id, created) VALUES (?1, ?2) RETURNING no";
/// The last number in a contact's inbox.
pub const INBOX_LAST: &str = "SELECT max(number) FROM inbox WHERE contact = ?1";
/// Bytes that wait in a contact's inbox.
pub const INBOX_BYTES: &str = "SELECT coalesce(sum(length(body)), 0) FROM inbox WHERE contact = ?1";
/// Stores an envelope.
pub const INBOX_PUSH: &str =
    "INSERT INTO inbox (contact, number, id, arrived, body) VALUES (?1, ?2, ?3, ?4, ?5)";
/// A contact with its state.
pub const CONTACT_OPEN: &str = "SELECT no, version, consumed, state FROM contact WHERE external_id = ?1";
/// What waits for a contact.
pub const INBOX_READ: &str = "SELECT number, id, arrived, body FROM inbox WHERE contact = ?1 ORDER BY number";
/// Writes a decision's state, if nobody else decided and no newer release did.
pub const COMMIT: &str = "UPDATE contact SET version = version + 1, consumed = max(consumed, ?3), schema = ?4, \
     state = ?5 WHERE external_id = ?1 AND version = ?2 AND schema <= ?6 RETURNING no";
/// Writes the facets; only when they changed, because their indexes are written with them.
pub const COMMIT_FACETS: &str =
    "UPDATE contact SET stage = ?2, reset_day = ?3, texts_until = ?4 WHERE no = ?1";
/// Takes consumed envelopes out.
pub const INBOX_PULL: &str = "DELETE FROM inbox WHERE contact = ?1 AND number <= ?2";
/// Writes an effect, or its next attempt.
pub const EFFECT_PUT: &str = "INSERT INTO effect (id, contact, kind, paid, status, due, attempt, lost, reason, body) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO UPDATE SET status = excluded.status, \
     due = excluded.due, attempt = excluded.attempt, lost = excluded.lost, reason = excluded.reason, body = excluded.body";
/// Ends an effect.
pub const EFFECT_SETTLE: &str = "DELETE FROM effect WHERE id = ?1";
/// Open effects of a kind that are due. The index alone answers: most of them are held by somebody.
pub const EFFECT_DUE: &str = "SELECT id FROM effect \
     WHERE status = 0 AND kind = ?1 AND paid = ?2 AND due <= ?3 ORDER BY due";
/// One effect.
pub const EFFECT_READ: &str = "SELECT e.id, c.external_id, e.due, e.attempt, e.paid, e.lost, e.body \
     FROM effect e JOIN contact c ON c.no = e.contact WHERE e.id = ?1";
/// Counts a lease; what is not settled before its process dies keeps the count.
pub const EFFECT_LEASE: &str = "UPDATE effect SET lost = lost + 1 WHERE id = ?1";
/// Takes the count back: the effect was not begun.
pub const EFFECT_RELEASE: &str = "UPDATE effect SET lost = max(lost - 1, 0) WHERE id = ?1";
/// Whether an effect is open.
pub const EFFECT_IS_OPEN: &str = "SELECT 1 FROM effect WHERE id = ?1 AND status = 0";
/// Contacts with waiting envelopes, by row.
pub const UNATTENDED: &str = "SELECT i.contact, (SELECT external_id FROM contact WHERE no = i.contact) FROM inbox i \
     WHERE i.contact > ?1 AND i.arrived < ?2 GROUP BY i.contact ORDER BY i.contact LIMIT ?3";

/// Contacts whose texts are past their time.
pub const OVERDUE_TEXTS: &str = "SELECT external_id FROM contact WHERE texts_until < ?1 LIMIT ?2";

/// All of them, by name.
pub const HOT: &[(&str, &str)] = &[
    ("see", SEE),
    ("alias", ALIAS),
    ("contact head", CONTACT_HEAD),
    ("inbox last", INBOX_LAST),
    ("inbox bytes", INBOX_BYTES),
    ("contact open", CONTACT_OPEN),
    ("inbox read", INBOX_READ),
    ("commit", COMMIT),
    ("commit facets", COMMIT_FACETS),
    ("inbox pull", INBOX_PULL),
    ("effect put", EFFECT_PUT),
    ("effect settle", EFFECT_SETTLE),
    ("effect due", EFFECT_DUE),
    ("effect read", EFFECT_READ),
    ("effect lease", EFFECT_LEASE),
    ("effect release", EFFECT_RELEASE),
    ("effect is open", EFFECT_IS_OPEN),
    ("unattended", UNATTENDED),
    ("overdue texts", OVERDUE_TEXTS),
];
