-- Forward only. What a release reads is added here one release before it is written.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for whatever is decided as one: 0 a person, 1 a payment, 2 a paying number. `state` is sealed.
CREATE TABLE aggregate (
    no          INTEGER PRIMARY KEY,
    external_id BLOB    NOT NULL,           -- of a person: keyed hash of the first address
    kind        INTEGER NOT NULL,
    version     INTEGER NOT NULL DEFAULT 0, -- moved by every commit, never by admit
    consumed    INTEGER NOT NULL DEFAULT 0, -- number of the last envelope consumed
    schema      INTEGER NOT NULL DEFAULT 0,
    created     INTEGER NOT NULL,
    state       BLOB
) STRICT;
CREATE UNIQUE INDEX aggregate_external_id ON aggregate (external_id);

-- What people are found by. Written only when it changes.
CREATE TABLE contact (
    no                  INTEGER PRIMARY KEY REFERENCES aggregate (no),
    stage               TEXT    NOT NULL,
    reset_day           INTEGER,
    texts_until         INTEGER, -- day by whose end all texts in the state are past their time
    phone               BLOB,    -- keyed hash of a paying number
    subscription_status TEXT,
    subscription_expiry INTEGER
) STRICT;

-- With the unique one above the six of the owner's plan. Columns that stay empty until people pay cost nothing
-- while they are empty.
CREATE INDEX contact_phone ON contact (phone) WHERE phone IS NOT NULL;
CREATE INDEX contact_subscription_status ON contact (subscription_status) WHERE subscription_status IS NOT NULL;
CREATE INDEX contact_subscription_expiry ON contact (subscription_expiry) WHERE subscription_expiry IS NOT NULL;
CREATE INDEX contact_stage ON contact (stage);
CREATE INDEX contact_reset_day ON contact (reset_day) WHERE reset_day IS NOT NULL;
-- Ours: finds the texts of people who write no more.
CREATE INDEX contact_texts_until ON contact (texts_until) WHERE texts_until IS NOT NULL;

-- Envelopes that wait; gone once consumed.
CREATE TABLE inbox (
    aggregate INTEGER NOT NULL REFERENCES aggregate (no),
    number   INTEGER NOT NULL,
    id       BLOB    NOT NULL,
    arrived  INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    body     BLOB    NOT NULL,
    PRIMARY KEY (aggregate, number)
) STRICT, WITHOUT ROWID;

-- Events that were admitted in the last ten days.
CREATE TABLE seen (
    id BLOB PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is to be done: 0 open, 1 dead. Leases live in the process: a file has one `serve`.
CREATE TABLE effect (
    id      BLOB PRIMARY KEY,
    aggregate INTEGER NOT NULL REFERENCES aggregate (no),
    kind    INTEGER NOT NULL,
    paid    INTEGER NOT NULL,
    status  INTEGER NOT NULL,
    due     INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    lost    INTEGER NOT NULL DEFAULT 0,
    reason  TEXT,
    body    BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX effect_due ON effect (status, kind, paid, due);

-- Events that could not be decided.
CREATE TABLE set_aside (
    aggregate INTEGER NOT NULL REFERENCES aggregate (no),
    id      BLOB    NOT NULL,
    arrived INTEGER NOT NULL,
    reason  TEXT    NOT NULL,
    body    BLOB    NOT NULL,
    PRIMARY KEY (aggregate, id)
) STRICT, WITHOUT ROWID;

-- What must be unique across contacts; an alias is a claim on an address.
CREATE TABLE claim (
    key   TEXT PRIMARY KEY,
    owner BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    name  TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
