-- Work that waits: jobs, what became of them, kinds that stand still; letters and addresses that take none.

CREATE TABLE job (
    -- Made of the key: the first 63 bits of its SHA-256.
    id BIGINT NOT NULL PRIMARY KEY,
    -- Which handler does it: a word of a closed list.
    kind TEXT NOT NULL,
    -- What it is, in identifiers: a second job with the same key changes nothing.
    key TEXT NOT NULL UNIQUE,
    -- Of the ID; the door to a store of several parts.
    shard BIGINT NOT NULL,
    -- 0 ready, 1 held by a worker, 2 dead: an operator decides.
    state BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    run_at BIGINT NOT NULL,
    -- Not tried again after this; the last try may be at it.
    deadline BIGINT,
    -- Counted at each claim: a job that kills its worker runs out, too.
    attempt BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    -- Counted at each claim: whoever held it before can change nothing any more.
    token BIGINT NOT NULL,
    lease_until BIGINT,
    worker TEXT NOT NULL,
    -- Something outside of the store was about to be done.
    began_at BIGINT,
    -- `account:…`, `guest:…` or `site`: whose data key seals the payload.
    owner TEXT NOT NULL,
    payload BYTEA NOT NULL,
    -- Our own words, never somebody else's.
    last_error TEXT NOT NULL,
    -- Of the request that asked for it.
    request_id TEXT NOT NULL
);
CREATE INDEX job_ready ON job (kind, run_at, id) WHERE state = 0;
CREATE INDEX job_due ON job (run_at) WHERE state = 0;
CREATE INDEX job_held ON job (lease_until) WHERE state = 1;
CREATE INDEX job_owner ON job (owner, made_at);

-- What was done, append-only, for as long as a key must not come twice.
CREATE TABLE job_done (
    key TEXT NOT NULL PRIMARY KEY,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    -- `done`, `dropped` by an operator, `gone` with its owner's key.
    outcome TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    done_at BIGINT NOT NULL,
    request_id TEXT NOT NULL
);
CREATE INDEX job_done_done_at ON job_done (done_at);
CREATE INDEX job_done_owner ON job_done (owner, done_at);

-- Kinds that are not claimed.
CREATE TABLE queue_pause (
    kind TEXT NOT NULL PRIMARY KEY,
    paused_at BIGINT NOT NULL
);

-- What became of each letter. No address, no word of it.
CREATE TABLE letter (
    -- The key of its job.
    key TEXT NOT NULL PRIMARY KEY,
    -- Of its job; a bounce comes back with it.
    job BIGINT NOT NULL,
    owner TEXT NOT NULL,
    template TEXT NOT NULL,
    queued_at BIGINT NOT NULL,
    mailed_at BIGINT,
    -- The server that took it, or `outbox`.
    accepted_by TEXT NOT NULL,
    bounced_at BIGINT,
    -- How the address was refused: `5.1.1`, `550`; why it was not sent: `late`, `gone`.
    code TEXT NOT NULL
);
CREATE INDEX letter_owner ON letter (owner, queued_at);
CREATE INDEX letter_job ON letter (job);
CREATE INDEX letter_queued_at ON letter (queued_at);

-- An owner whose address takes no letters, until it changes.
CREATE TABLE mail_state (
    owner TEXT NOT NULL PRIMARY KEY,
    bounced_at BIGINT,
    code TEXT NOT NULL,
    -- Refusals that may pass.
    soft BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX mail_state_bounced_at ON mail_state (bounced_at);

UPDATE store_mark SET value = 3 WHERE name = 'schema' AND value < 3;
