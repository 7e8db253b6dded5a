-- Where people say they live, which is where their data should be.
ALTER TABLE contact ADD COLUMN region TEXT;
CREATE INDEX contact_region ON contact (region) WHERE region IS NOT NULL;

-- Null: it lives here. 1: frozen, because it moves. 2: it lives in another store; what was seen of it stays.
ALTER TABLE aggregate ADD COLUMN away INTEGER;
-- Of a payment: with whom it lives and moves, whoever is granted its money later.
ALTER TABLE aggregate ADD COLUMN home BLOB;
UPDATE aggregate SET home = (SELECT p.contact FROM payment p WHERE p.no = aggregate.no) WHERE kind = 1;
CREATE INDEX aggregate_home ON aggregate (home) WHERE home IS NOT NULL;

-- Where people live who do not live here, or lately did not. Of the main store.
CREATE TABLE place (
    contact   BLOB PRIMARY KEY,
    region    TEXT NOT NULL,
    moving_to TEXT,
    before    TEXT NOT NULL -- JSON: where it lived before, and until when
) STRICT, WITHOUT ROWID;
CREATE INDEX place_moving ON place (contact) WHERE moving_to IS NOT NULL;
CREATE INDEX place_before ON place (contact) WHERE before <> '[]';

-- Envelopes that wait for a store that is away, in their order. Of the main store.
CREATE TABLE parked (
    no        INTEGER PRIMARY KEY AUTOINCREMENT,
    contact   BLOB    NOT NULL, -- whose place counts it
    id        BLOB    NOT NULL UNIQUE,
    kind      INTEGER NOT NULL,
    aggregate BLOB    NOT NULL,
    identity  BLOB,
    arrived   INTEGER NOT NULL,
    body      BLOB    NOT NULL  -- sealed
) STRICT;
CREATE INDEX parked_contact ON parked (contact, no);

-- Orders of operators to move people. Of the main store.
CREATE TABLE move_order (
    id       BLOB    PRIMARY KEY,
    who      TEXT    NOT NULL, -- wished, store:NAME, or a contact's id
    target   TEXT    NOT NULL,
    by       TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    progress TEXT    NOT NULL,
    moved    INTEGER NOT NULL,
    failed   INTEGER NOT NULL,
    note     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- What decisions left for books and reports, until the main store has it. Of a region's store.
CREATE TABLE record (
    no        INTEGER PRIMARY KEY AUTOINCREMENT,
    aggregate INTEGER NOT NULL REFERENCES aggregate (no),
    body      BLOB    NOT NULL -- sealed
) STRICT;
