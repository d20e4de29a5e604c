-- What the desk has to know of an appeal before anybody opens it: how fast, until when, with whom it is open.

-- 1: life or health is at risk (45 CFR 155.540).
ALTER TABLE appeal ADD COLUMN urgent BIGINT;
-- The end of the last day for a decision, by the clock of the household's state.
ALTER TABLE appeal ADD COLUMN decide_by BIGINT;
-- Who at the desk has it open, since when.
ALTER TABLE appeal ADD COLUMN taken_by TEXT;
ALTER TABLE appeal ADD COLUMN taken_at BIGINT;
-- When it was withdrawn or decided.
ALTER TABLE appeal ADD COLUMN closed_at BIGINT;
CREATE INDEX appeal_state ON appeal (state, decide_by);

UPDATE store_mark SET value = 12 WHERE name = 'schema';
