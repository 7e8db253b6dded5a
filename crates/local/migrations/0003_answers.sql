-- What questions took and cost, answers that are shared, answers that people wrote.

-- Each call to a provider, and each answer that needed none.
CREATE TABLE ai_turn (
    ask        BLOB    NOT NULL, -- the effect
    attempt    INTEGER NOT NULL,
    call       INTEGER NOT NULL, -- an attempt may take several
    contact    INTEGER NOT NULL REFERENCES aggregate (no),
    at         INTEGER NOT NULL,
    day        INTEGER NOT NULL, -- of Juba
    paid       INTEGER NOT NULL,
    domain     TEXT    NOT NULL,
    way        TEXT    NOT NULL, -- where the answer came from; none: there was none
    provider   TEXT    NOT NULL,
    model      TEXT    NOT NULL,
    tokens_in  INTEGER NOT NULL,
    tokens_out INTEGER NOT NULL,
    micro_usd  INTEGER NOT NULL, -- millionths of a US dollar
    estimated  INTEGER NOT NULL, -- our guess
    source     BLOB,             -- the answer that is kept
    good       INTEGER,          -- its person's word on it
    PRIMARY KEY (ask, attempt, call)
) STRICT, WITHOUT ROWID;
CREATE INDEX ai_turn_contact ON ai_turn (contact, day);
CREATE INDEX ai_turn_day ON ai_turn (day);

-- The same in sums, which stay.
CREATE TABLE ai_day (
    day        INTEGER NOT NULL,
    paid       INTEGER NOT NULL,
    domain     TEXT    NOT NULL,
    way        TEXT    NOT NULL,
    provider   TEXT    NOT NULL,
    model      TEXT    NOT NULL,
    answers    INTEGER NOT NULL,
    calls      INTEGER NOT NULL,
    tokens_in  INTEGER NOT NULL,
    tokens_out INTEGER NOT NULL,
    micro_usd  INTEGER NOT NULL,
    PRIMARY KEY (day, paid, domain, way, provider, model)
) STRICT, WITHOUT ROWID;

-- Answers that were used a second time; what was used once is in memory only.
CREATE TABLE shared_answer (
    key   BLOB    PRIMARY KEY,
    until INTEGER NOT NULL,
    body  BLOB    NOT NULL -- sealed
) STRICT;
CREATE INDEX shared_answer_until ON shared_answer (until);

-- Hits that were asked again: how many, and how many of them were wrong.
CREATE TABLE reuse_check (
    version TEXT    NOT NULL, -- of the instructions
    domain  TEXT    NOT NULL,
    checked INTEGER NOT NULL,
    wrong   INTEGER NOT NULL,
    PRIMARY KEY (version, domain)
) STRICT, WITHOUT ROWID;

-- Curated answers: they name nobody.
CREATE TABLE curated (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL -- JSON
) STRICT;

-- Questions for everybody that no curated answer was there for.
CREATE TABLE missed (
    key     BLOB    PRIMARY KEY, -- keyed hash of the normal form
    times   INTEGER NOT NULL,    -- by different people one after the other
    last_by INTEGER NOT NULL,    -- erased with its person
    last    INTEGER NOT NULL,    -- day of Juba
    body    BLOB    NOT NULL     -- sealed
) STRICT;
CREATE INDEX missed_times ON missed (times, last);
CREATE INDEX missed_last_by ON missed (last_by);
