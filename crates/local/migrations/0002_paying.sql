-- Payments, the books, and what operators did.

-- What payments are found by. Written only when it changes.
CREATE TABLE payment (
    no          INTEGER PRIMARY KEY REFERENCES aggregate (no),
    contact     BLOB,             -- whose it is; nobody's while its money fits nobody
    status      TEXT    NOT NULL,
    payer       BLOB,             -- keyed hash of the paying number
    code        TEXT    NOT NULL, -- on the receipt
    external_id TEXT,             -- in MTN's statement
    mtn_id      TEXT,
    wished      INTEGER NOT NULL,
    test        INTEGER NOT NULL  -- made in MTN's sandbox
) STRICT;
CREATE INDEX payment_contact ON payment (contact, wished);
CREATE INDEX payment_status ON payment (status, wished);
CREATE INDEX payment_wished ON payment (wished);
CREATE INDEX payment_payer ON payment (payer, wished) WHERE payer IS NOT NULL;
CREATE INDEX payment_code ON payment (code, wished);
CREATE INDEX payment_external_id ON payment (external_id, wished) WHERE external_id IS NOT NULL;
CREATE INDEX payment_mtn_id ON payment (mtn_id, wished) WHERE mtn_id IS NOT NULL;

-- What was granted to whom: a payment grants once.
CREATE TABLE payment_grant (
    payment BLOB    PRIMARY KEY,
    contact INTEGER NOT NULL REFERENCES aggregate (no)
) STRICT, WITHOUT ROWID;

-- The books: one row moves one amount. Only ever added to.
CREATE TABLE ledger (
    no       INTEGER PRIMARY KEY,
    payment  BLOB    NOT NULL,
    event    TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    minor    INTEGER NOT NULL CHECK (minor > 0), -- hundredths
    currency TEXT    NOT NULL,
    debit    TEXT    NOT NULL,
    credit   TEXT    NOT NULL,
    test     INTEGER NOT NULL,
    UNIQUE (payment, event)
) STRICT;
CREATE TRIGGER ledger_is_not_changed BEFORE UPDATE ON ledger BEGIN SELECT raise(ABORT, 'the books are only added to'); END;
CREATE TRIGGER ledger_is_not_removed BEFORE DELETE ON ledger BEGIN SELECT raise(ABORT, 'the books are only added to'); END;

-- Chains the entries in their order, one job at a time, after they were written.
CREATE TABLE ledger_seal (
    no   INTEGER PRIMARY KEY REFERENCES ledger (no),
    hash BLOB NOT NULL -- of the entry and the hash before
) STRICT;

-- What MTN posted to us, as it came. It proves nothing.
CREATE TABLE callback (
    no        INTEGER PRIMARY KEY,
    reference BLOB    NOT NULL, -- zeros where it named no payment
    digest    BLOB    NOT NULL, -- keyed
    first     INTEGER NOT NULL,
    last      INTEGER NOT NULL,
    times     INTEGER NOT NULL DEFAULT 1,
    cut       INTEGER NOT NULL, -- there was more of it
    body      BLOB    NOT NULL, -- sealed
    UNIQUE (reference, digest)
) STRICT;
CREATE INDEX callback_last ON callback (last);
-- How many there are, so that a full table is known without counting it. One row.
CREATE TABLE callback_total (
    no    INTEGER PRIMARY KEY CHECK (no = 1),
    rows  INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;
INSERT INTO callback_total (no, rows, bytes) VALUES (1, 0, 0);
CREATE TRIGGER callback_is_counted AFTER INSERT ON callback BEGIN
    UPDATE callback_total SET rows = rows + 1, bytes = bytes + length(NEW.body) WHERE no = 1;
END;
CREATE TRIGGER callback_is_uncounted AFTER DELETE ON callback BEGIN
    UPDATE callback_total SET rows = rows - 1, bytes = bytes - length(OLD.body) WHERE no = 1;
END;

-- Prices, dated and never edited.
CREATE TABLE price (
    plan      TEXT    NOT NULL,
    version   INTEGER NOT NULL,
    minor     INTEGER NOT NULL,
    currency  TEXT    NOT NULL,
    from_day  INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    PRIMARY KEY (plan, version)
) STRICT, WITHOUT ROWID;

-- What operators did.
CREATE TABLE audit (
    no      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    who     TEXT    NOT NULL,
    what    TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    detail  TEXT    NOT NULL
) STRICT;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;
