-- What somebody chose, signed and has: choices, enrollments with everything that ever changed about them, the year's tax record.
--
-- What was signed never changes. A change is another row with the people and amounts as they are from a day on. All that is
-- personal is sealed under the data key of the owner.

-- What is chosen and not signed yet: one row an application.
CREATE TABLE plan_choice (
    application TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    -- Who buys together, which plans, how much of the credit.
    body BYTEA NOT NULL,
    version BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX plan_choice_owner ON plan_choice (owner, changed_at);

-- One policy: a group of people in one plan.
CREATE TABLE enrollment (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    application TEXT NOT NULL,
    -- Ten digits, given by this site, for insurers and for the phone. Opens nothing.
    number TEXT NOT NULL UNIQUE,
    -- The version of the choice that was signed: signing it twice finds this row.
    choice BIGINT NOT NULL,
    plan_year BIGINT NOT NULL,
    -- Plan and variant, `12345OH0010001-04`.
    plan TEXT NOT NULL,
    -- `12345`.
    issuer TEXT NOT NULL,
    -- `medical`, `dental`.
    product TEXT NOT NULL,
    -- `signed`, `waiting_proof`, `sent`, `accepted`, `confirmed`, `ended`, `rejected`, `cancelled`.
    state TEXT NOT NULL,
    -- First and last day of coverage, `2027-01-01`.
    starts TEXT NOT NULL,
    ends TEXT NOT NULL,
    -- As it was signed.
    signed BYTEA NOT NULL,
    -- Version of the catalogue that priced it.
    catalogue TEXT NOT NULL,
    -- The enrollment that it replaces or renews; empty: none.
    follows TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX enrollment_owner ON enrollment (owner, made_at);
CREATE INDEX enrollment_application ON enrollment (application, choice);
CREATE INDEX enrollment_issuer ON enrollment (issuer, state);

-- What an insurer has to be told, in order.
CREATE TABLE enrollment_change (
    id TEXT NOT NULL PRIMARY KEY,
    enrollment TEXT NOT NULL,
    owner TEXT NOT NULL,
    -- The first, the second … of its enrollment.
    number BIGINT NOT NULL,
    -- `initial`, `change`, `cancel`, `terminate`, `reinstate`.
    kind TEXT NOT NULL,
    -- The day from which it holds; of `terminate`, the last day of coverage.
    from_day TEXT NOT NULL,
    -- A word of a closed list.
    reason TEXT NOT NULL,
    -- People and amounts as they are from that day.
    body BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    -- The file that took it; empty: it waits, unless `held` says why it must not go yet.
    file TEXT NOT NULL,
    -- `proof`: until a special enrollment is proved. Empty: nothing holds it.
    held TEXT NOT NULL,
    -- Empty, `accepted`, `rejected`, `confirmed`.
    answer TEXT NOT NULL,
    -- What the insurer's answer said, a code.
    code TEXT NOT NULL,
    UNIQUE (enrollment, number)
);
CREATE INDEX enrollment_change_owner ON enrollment_change (owner, made_at);
CREATE INDEX enrollment_change_file ON enrollment_change (file, made_at);

-- What became of an enrollment, for whoever has it.
CREATE TABLE enrollment_step (
    enrollment TEXT NOT NULL,
    owner TEXT NOT NULL,
    -- `signed`, `waiting_proof`, `proved`, `sent`, `accepted`, `rejected`, `confirmed`, `changed`, `cancelled`, `ended`,
    -- `reinstated`.
    step TEXT NOT NULL,
    at BIGINT NOT NULL,
    from_day TEXT NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (enrollment, step, from_day)
);
CREATE INDEX enrollment_step_owner ON enrollment_step (owner, at);

-- A year's record for the tax return as it was given out; a correction is another row.
CREATE TABLE tax_record (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    application TEXT NOT NULL,
    plan_year BIGINT NOT NULL,
    -- The first, the second … of its year.
    number BIGINT NOT NULL,
    body BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    UNIQUE (owner, plan_year, number)
);

UPDATE store_mark SET value = 10 WHERE name = 'schema';
