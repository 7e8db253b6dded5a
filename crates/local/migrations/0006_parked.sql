-- Parked envelopes that are damaged, so that the next ones go on. Of the main store.
CREATE TABLE parked_aside (
    id        BLOB    PRIMARY KEY,
    contact   BLOB    NOT NULL, -- for whom it was parked
    kind      INTEGER NOT NULL,
    aggregate BLOB    NOT NULL,
    arrived   INTEGER NOT NULL,
    body      BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX parked_aside_contact ON parked_aside (contact);

-- The version of the payment that was found by this first. 0: from the time before it was told.
ALTER TABLE payment ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
