-- Proof of what lets somebody enroll outside open enrollment (45 CFR 155.420(g)): until it is there, no insurer is told.

CREATE TABLE event_proof (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    -- The application that the first plan was signed for because of it.
    application TEXT NOT NULL,
    -- A code of sep_kinds.csv, and the day of the event, `2027-03-01`.
    kind TEXT NOT NULL,
    event TEXT NOT NULL,
    -- `open`, `accepted`, `expired`, `withdrawn`.
    state TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    -- The end of the last day, by the clock of the household's state.
    due_at BIGINT NOT NULL,
    -- That day, `2027-04-02`.
    due_day TEXT NOT NULL,
    -- Documents for it that wait for an operator: while there is one, it does not expire.
    in_review BIGINT NOT NULL,
    -- 1: its owner was reminded.
    reminded BIGINT NOT NULL,
    closed_at BIGINT
);
CREATE INDEX event_proof_owner ON event_proof (owner, asked_at);
CREATE INDEX event_proof_due ON event_proof (state, due_at);

-- The proof that it was signed under; empty: none was needed.
ALTER TABLE enrollment ADD COLUMN proof TEXT;
CREATE INDEX enrollment_proof ON enrollment (proof, made_at);

UPDATE store_mark SET value = 13 WHERE name = 'schema';
