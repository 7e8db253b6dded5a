//! The statements that run for every message. Tests ask SQLite for the plan of exactly these.

/// Marks an event as seen; changes nothing when it was.
pub const SEE: &str = "INSERT OR IGNORE INTO seen (id, at) VALUES (?1, ?2)";
/// The contact an address is an alias of.
pub const ALIAS: &str = "SELECT owner FROM claim WHERE key = ?1";
/// An aggregate's row by its id.
pub const HEAD: &str = "SELECT no, consumed, away FROM aggregate WHERE external_id = ?1";
/// A new aggregate.
pub const NEW: &str =
    "INSERT INTO aggregate (external_id, kind, created, home) VALUES (?1, ?2, ?3, ?4) RETURNING no";
/// The last number in an inbox.
pub const INBOX_LAST: &str = "SELECT max(number) FROM inbox WHERE aggregate = ?1";
/// Whether an envelope waits in an inbox.
pub const INBOX_HAS: &str = "SELECT 1 FROM inbox WHERE aggregate = ?1 AND id = ?2";
/// Bytes that wait in an inbox.
pub const INBOX_BYTES: &str = "SELECT coalesce(sum(length(body)), 0) FROM inbox WHERE aggregate = ?1";
/// Stores an envelope.
pub const INBOX_PUSH: &str =
    "INSERT INTO inbox (aggregate, number, id, arrived, body) VALUES (?1, ?2, ?3, ?4, ?5)";
/// An aggregate with its state.
pub const OPEN: &str = "SELECT no, version, consumed, state, away FROM aggregate WHERE external_id = ?1";
/// What waits for an aggregate.
pub const INBOX_READ: &str =
    "SELECT number, id, arrived, body FROM inbox WHERE aggregate = ?1 ORDER BY number";
/// Writes a decision's state, if nobody else decided and no newer release did.
pub const COMMIT: &str = "UPDATE aggregate SET version = version + 1, consumed = max(consumed, ?3), schema = ?4, \
     state = ?5 WHERE external_id = ?1 AND version = ?2 AND schema <= ?6 AND away IS NULL RETURNING no";
/// Writes the facets; only when they changed, because their indexes are written with them.
pub const CONTACT_FACETS: &str = "INSERT INTO contact (no, stage, reset_day, texts_until, subscription_status, \
     subscription_expiry, region) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (no) DO UPDATE SET stage = excluded.stage, \
     reset_day = excluded.reset_day, texts_until = excluded.texts_until, \
     subscription_status = excluded.subscription_status, subscription_expiry = excluded.subscription_expiry, \
     region = excluded.region";
/// The same for a payment.
pub const PAYMENT_FACETS: &str = "INSERT INTO payment (no, contact, status, payer, code, external_id, mtn_id, wished, test, version) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (no) DO UPDATE SET contact = excluded.contact, \
     status = excluded.status, payer = excluded.payer, external_id = excluded.external_id, mtn_id = excluded.mtn_id, \
     version = excluded.version WHERE version <= excluded.version";
/// An entry of the books, if it is not there.
pub const LEDGER_ADD: &str = "INSERT OR IGNORE INTO ledger (payment, event, at, minor, currency, debit, credit, test) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
/// What was granted to whom, once.
pub const GRANT_ADD: &str = "INSERT OR IGNORE INTO payment_grant (payment, contact) VALUES (?1, ?2)";
/// Takes consumed envelopes out.
pub const INBOX_PULL: &str = "DELETE FROM inbox WHERE aggregate = ?1 AND number <= ?2";
/// Writes an effect, or its next attempt.
pub const EFFECT_PUT: &str = "INSERT INTO effect (id, aggregate, kind, paid, status, due, attempt, lost, reason, body) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO UPDATE SET status = excluded.status, \
     due = excluded.due, attempt = excluded.attempt, lost = excluded.lost, reason = excluded.reason, body = excluded.body";
/// Ends an effect.
pub const EFFECT_SETTLE: &str = "DELETE FROM effect WHERE id = ?1";
/// Open effects of a kind that are due. The index alone answers: most of them are held by somebody.
pub const EFFECT_DUE: &str = "SELECT id FROM effect \
     WHERE status = 0 AND kind = ?1 AND paid = ?2 AND due <= ?3 ORDER BY due";
/// One effect.
pub const EFFECT_READ: &str = "SELECT e.id, a.kind, a.external_id, e.due, e.attempt, e.paid, e.lost, e.body \
     FROM effect e JOIN aggregate a ON a.no = e.aggregate WHERE e.id = ?1";
/// Counts a lease; what is not settled before its process dies keeps the count.
pub const EFFECT_LEASE: &str = "UPDATE effect SET lost = lost + 1 WHERE id = ?1";
/// Takes the count back: the effect was not begun.
pub const EFFECT_RELEASE: &str = "UPDATE effect SET lost = max(lost - 1, 0) WHERE id = ?1";
/// Whether an effect is open, or will be where its aggregate moves to.
pub const EFFECT_IS_OPEN: &str = "SELECT 1 FROM effect WHERE id = ?1 AND status <> 1";
/// Aggregates with waiting envelopes, by row.
pub const UNATTENDED: &str = "SELECT (SELECT kind FROM aggregate WHERE no = i.aggregate), \
     (SELECT external_id FROM aggregate WHERE no = i.aggregate) FROM inbox i \
     WHERE i.aggregate > ?1 AND i.arrived < ?2 AND (SELECT away FROM aggregate WHERE no = i.aggregate) IS NULL GROUP BY i.aggregate ORDER BY i.aggregate LIMIT ?3";
/// Contacts whose texts are past their time.
pub const OVERDUE_TEXTS: &str = "SELECT a.external_id FROM contact c JOIN aggregate a ON a.no = c.no \
     WHERE c.texts_until < ?1 LIMIT ?2";
/// Counts a callback that came before; changes nothing when it did not.
pub const CALLBACK_AGAIN: &str =
    "UPDATE callback SET times = times + 1, last = max(last, ?3) WHERE reference = ?1 AND digest = ?2";
/// How many callbacks are kept of a reference.
pub const CALLBACKS_OF_ONE: &str = "SELECT count(*) FROM callback WHERE reference = ?1";
/// How many are kept in all, and their bytes.
pub const CALLBACK_TOTAL: &str = "SELECT rows, bytes FROM callback_total WHERE no = 1";
/// Keeps a callback.
pub const CALLBACK_KEEP: &str =
    "INSERT INTO callback (reference, digest, first, last, cut, body) VALUES (?1, ?2, ?3, ?3, ?4, ?5)";
/// Forgets some callbacks that came last before a time.
pub const CALLBACK_FORGET: &str =
    "DELETE FROM callback WHERE no IN (SELECT no FROM callback WHERE last < ?1 ORDER BY last LIMIT ?2)";

/// What a call of a question's attempt came to, once.
pub const TURN_ADD: &str = "INSERT OR IGNORE INTO ai_turn (ask, attempt, call, contact, at, day, paid, domain, way, provider, \
     model, tokens_in, tokens_out, micro_usd, estimated, source) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
/// The same, in the sums of its day.
pub const AI_DAY_ADD: &str = "INSERT INTO ai_day (day, paid, domain, way, provider, model, answers, calls, tokens_in, \
     tokens_out, micro_usd) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
     ON CONFLICT (day, paid, domain, way, provider, model) DO UPDATE SET answers = answers + excluded.answers, \
     calls = calls + excluded.calls, tokens_in = tokens_in + excluded.tokens_in, \
     tokens_out = tokens_out + excluded.tokens_out, micro_usd = micro_usd + excluded.micro_usd";
/// Counts a question that no curated answer was there for; one person asking again and again counts once.
pub const MISSED: &str = "INSERT INTO missed (key, times, last_by, last, body) VALUES (?1, 1, ?2, ?3, ?4) \
     ON CONFLICT (key) DO UPDATE SET times = times + (last_by <> excluded.last_by), last_by = excluded.last_by, \
     last = max(last, excluded.last)";
/// The most frequent of them.
pub const MISSED_MOST: &str =
    "SELECT key, times, last, body FROM missed WHERE times >= ?1 ORDER BY times DESC, last DESC LIMIT ?2";
/// One shared answer.
pub const SHARED_READ: &str = "SELECT body FROM shared_answer WHERE key = ?1";
/// Writes a shared answer in the place of the one before.
pub const SHARED_SAVE: &str = "INSERT OR REPLACE INTO shared_answer (key, until, body) VALUES (?1, ?2, ?3)";
/// A person's word on an answer.
pub const RATE: &str = "UPDATE ai_turn SET good = ?2 WHERE ask = ?1";
/// The regions that places name, and whether somebody lives there. Read at the start only.
pub const REGIONS: &str = "SELECT region, max(lives) FROM (SELECT region, 1 AS lives FROM place UNION ALL \
     SELECT moving_to, 0 FROM place WHERE moving_to IS NOT NULL) WHERE region <> 'main' GROUP BY region";
/// Where a contact lives that does not live in the main store, or lately did not.
pub const PLACE: &str = "SELECT region, moving_to, before, attempt, overruled FROM place WHERE contact = ?1";
/// How many envelopes are parked for a contact.
pub const PARKED_COUNT: &str = "SELECT count(*) FROM parked WHERE contact = ?1";
/// How many envelopes and bytes are parked for a contact.
pub const PARKED_SIZE: &str =
    "SELECT count(*), coalesce(sum(length(body)), 0) FROM parked WHERE contact = ?1";
/// Whether what was parked last says that there was no room.
pub const PARKED_LAST: &str = "SELECT note FROM parked WHERE contact = ?1 ORDER BY no DESC LIMIT 1";
/// Whether an envelope is parked.
pub const IS_PARKED: &str = "SELECT 1 FROM parked WHERE id = ?1";
/// Parks an envelope; changes nothing when it is parked.
pub const PARK: &str = "INSERT OR IGNORE INTO parked (contact, id, kind, aggregate, identity, arrived, body, note) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
/// What is parked for a contact, in its order.
pub const PARKED: &str = "SELECT id, kind, aggregate, identity, arrived, body FROM parked WHERE contact = ?1 \
     ORDER BY no LIMIT ?2";
/// One that is damaged.
pub const PARKED_ASIDE: &str = "INSERT OR IGNORE INTO parked_aside (id, contact, kind, aggregate, arrived, body) \
     SELECT id, contact, kind, aggregate, arrived, body FROM parked WHERE id = ?1";
/// It was admitted where it lives.
pub const UNPARK: &str = "DELETE FROM parked WHERE id = ?1 AND contact = ?2";
/// Contacts that something is parked for.
pub const WAITING: &str =
    "SELECT contact FROM parked WHERE contact > ?1 GROUP BY contact ORDER BY contact LIMIT ?2";
/// Contacts that are being moved.
pub const MOVES: &str = "SELECT contact FROM place \
     WHERE moving_to IS NOT NULL AND contact > ?1 ORDER BY contact LIMIT ?2";
/// Payments that live with a contact.
pub const PAYMENTS_OF: &str =
    "SELECT external_id FROM aggregate WHERE home = ?1 AND (away IS NULL OR away = 1)";
/// People who live here, by id.
pub const RESIDENTS: &str = "SELECT external_id FROM aggregate \
     WHERE external_id > ?1 AND kind = 0 AND (away IS NULL OR away = 1) ORDER BY external_id LIMIT ?2";
/// People who said that they live in a region, behind one of them.
pub const SAID: &str = "SELECT a.external_id FROM contact c JOIN aggregate a ON a.no = c.no \
     WHERE c.region = ?1 AND c.no > coalesce((SELECT no FROM aggregate WHERE external_id = ?2), 0) \
     AND a.away IS NULL ORDER BY c.no LIMIT ?3";
/// What is frozen, by id.
pub const FROZEN: &str = "SELECT kind, external_id, frozen_by FROM aggregate \
     WHERE away = 1 AND external_id > ?1 ORDER BY external_id LIMIT ?2";
/// Leaves a record for the main store.
pub const RECORD_LEAVE: &str = "INSERT INTO record (aggregate, body) VALUES (?1, ?2)";
/// Records that were left, the oldest first.
pub const RECORDS: &str = "SELECT r.no, a.kind, a.external_id, r.body FROM record r \
     JOIN aggregate a ON a.no = r.aggregate WHERE r.no > ?1 ORDER BY r.no";
/// The main store has it.
pub const RECORD_FORGET: &str = "DELETE FROM record WHERE no = ?1";

/// All of them, by name.
pub const HOT: &[(&str, &str)] = &[
    ("see", SEE),
    ("alias", ALIAS),
    ("head", HEAD),
    ("inbox last", INBOX_LAST),
    ("inbox has", INBOX_HAS),
    ("inbox bytes", INBOX_BYTES),
    ("open", OPEN),
    ("inbox read", INBOX_READ),
    ("commit", COMMIT),
    ("contact facets", CONTACT_FACETS),
    ("payment facets", PAYMENT_FACETS),
    ("ledger add", LEDGER_ADD),
    ("grant add", GRANT_ADD),
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
    ("callback again", CALLBACK_AGAIN),
    ("callbacks of one", CALLBACKS_OF_ONE),
    ("callback total", CALLBACK_TOTAL),
    ("callback keep", CALLBACK_KEEP),
    ("callback forget", CALLBACK_FORGET),
    ("turn add", TURN_ADD),
    ("ai day add", AI_DAY_ADD),
    ("missed", MISSED),
    ("missed most", MISSED_MOST),
    ("shared read", SHARED_READ),
    ("shared save", SHARED_SAVE),
    ("rate", RATE),
    ("place", PLACE),
    ("parked count", PARKED_COUNT),
    ("parked size", PARKED_SIZE),
    ("parked last", PARKED_LAST),
    ("is parked", IS_PARKED),
    ("park", PARK),
    ("parked", PARKED),
    ("parked aside", PARKED_ASIDE),
    ("unpark", UNPARK),
    ("waiting", WAITING),
    ("moves", MOVES),
    ("payments of", PAYMENTS_OF),
    ("residents", RESIDENTS),
    ("said", SAID),
    ("frozen", FROZEN),
    ("record leave", RECORD_LEAVE),
    ("records", RECORDS),
    ("record forget", RECORD_FORGET),
];
