-- By which try to move it one is frozen. Null while it is not.
ALTER TABLE aggregate ADD COLUMN frozen_by BLOB;
CREATE INDEX aggregate_frozen ON aggregate (external_id) WHERE away = 1;

-- By which try somebody is being moved, and what they had said when an operator moved them elsewhere.
ALTER TABLE place ADD COLUMN attempt BLOB;
ALTER TABLE place ADD COLUMN overruled TEXT;

-- 1: says that what came after it found no room.
ALTER TABLE parked ADD COLUMN note INTEGER NOT NULL DEFAULT 0;
