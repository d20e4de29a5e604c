-- Applications as they were sent, and the notices that told people what came of them.
--
-- An application never changes: what was answered, what the engine was given and what it said are frozen when it is sent.
-- A change that somebody reports later is another row. Sealed under the data key of their owner.

CREATE TABLE application (
    id TEXT NOT NULL PRIMARY KEY,
    -- The draft that it was: sending twice finds the first one.
    draft TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    -- Twelve digits, for letters and for the phone. Opens nothing.
    reference TEXT NOT NULL UNIQUE,
    plan_year BIGINT NOT NULL,
    -- The answers that applied, the household as the engine read it, the attestations.
    answers BYTEA NOT NULL,
    answers_version BIGINT NOT NULL,
    determination BYTEA NOT NULL,
    -- Version of the catalogue whose premiums were used.
    catalogue TEXT NOT NULL,
    submitted_at BIGINT NOT NULL
);
CREATE INDEX application_owner ON application (owner, submitted_at);

CREATE TABLE notice (
    id TEXT NOT NULL PRIMARY KEY,
    application TEXT NOT NULL,
    owner TEXT NOT NULL,
    -- `eligibility`, a closed list.
    kind TEXT NOT NULL,
    -- As it was written, in every language of the site.
    body BYTEA NOT NULL,
    posted_at BIGINT NOT NULL,
    -- When its owner first opened it.
    read_at BIGINT
);
CREATE UNIQUE INDEX notice_application ON notice (application, kind);
CREATE INDEX notice_owner ON notice (owner, posted_at);

UPDATE store_mark SET value = 4 WHERE name = 'schema';
