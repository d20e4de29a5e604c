-- What is checked of an application that was sent, what came of it, and what people still have to send.
--
-- The application itself stays as it was sent. Each row here belongs to one; all that is personal is sealed under the data
-- key of its owner. An open question is no denial: coverage goes on until a row of `redetermination` says otherwise.

-- One row an application. Whoever writes what an answer came to takes this row first, so that the one who writes the last
-- answer knows that it is the last.
CREATE TABLE verification_run (
    application TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    -- Until then a notice waits for the rest of the answers.
    wait_until BIGINT NOT NULL,
    -- Every first question was answered.
    done_at BIGINT,
    version BIGINT NOT NULL
);
CREATE INDEX verification_run_owner ON verification_run (owner, began_at);

CREATE TABLE verification (
    id TEXT NOT NULL PRIMARY KEY,
    application TEXT NOT NULL,
    owner TEXT NOT NULL,
    -- Row of the sheet of answers; 0: the household, which is never a person's row.
    person BIGINT NOT NULL,
    -- `ssn`, `citizenship`, `lawful_presence`, `income`, `employer_coverage`, `other_coverage`, `incarceration`, `death`,
    -- `tribe`.
    subject TEXT NOT NULL,
    -- `waiting`, `verified`, `inconsistent`, `pending`, `resolved`, `expired`, `withdrawn`.
    state TEXT NOT NULL,
    -- Who is asked, by the hub's name; empty: no source, documents alone.
    service TEXT NOT NULL,
    -- What the decision rests on.
    answer BYTEA NOT NULL,
    asked_at BIGINT,
    answered_at BIGINT,
    UNIQUE (application, person, subject)
);
CREATE INDEX verification_owner ON verification (owner, application);
CREATE INDEX verification_state ON verification (state, asked_at);

-- A data-matching issue: what somebody said and what a source says differ, or no source could say.
CREATE TABLE dmi (
    id TEXT NOT NULL PRIMARY KEY,
    application TEXT NOT NULL,
    owner TEXT NOT NULL,
    person BIGINT NOT NULL,
    -- The subject of the verification.
    kind TEXT NOT NULL,
    -- `open`, `resolved`, `expired`, `withdrawn`.
    state TEXT NOT NULL,
    -- How it was closed, a word of a closed list; empty while it is open.
    closed_how TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    -- When its notice was posted: the clock runs from there.
    noticed_at BIGINT,
    -- The end of the last day, by the clock of the household's state.
    due_at BIGINT NOT NULL,
    -- That day, `2027-02-25`.
    due_day TEXT NOT NULL,
    -- Days that an operator has added for good cause (45 CFR 155.315(f)(3)).
    added_days BIGINT NOT NULL,
    -- Documents for it that wait for an operator: while there is one, it does not expire.
    in_review BIGINT NOT NULL,
    -- The last mark (days left) of which people were reminded; 0: none yet.
    reminded BIGINT NOT NULL,
    closed_at BIGINT,
    UNIQUE (application, person, kind)
);
CREATE INDEX dmi_owner ON dmi (owner, opened_at);
CREATE INDEX dmi_due ON dmi (state, due_at);

-- What the engine says after something was found out. The latest one counts; the application's own is number zero.
CREATE TABLE redetermination (
    id TEXT NOT NULL PRIMARY KEY,
    application TEXT NOT NULL,
    owner TEXT NOT NULL,
    number BIGINT NOT NULL,
    -- `dmi_resolved:…`, `dmi_expired:…`, `rules:…`: each once.
    cause TEXT NOT NULL,
    household BYTEA NOT NULL,
    determination BYTEA NOT NULL,
    -- Version of the catalogue whose premiums were used.
    catalogue TEXT NOT NULL,
    notice TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    UNIQUE (application, number),
    UNIQUE (application, cause)
);
CREATE INDEX redetermination_owner ON redetermination (owner, made_at);

-- Somebody says that a notice is wrong (45 CFR 155.520).
CREATE TABLE appeal (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    application TEXT NOT NULL,
    -- The notice that is appealed.
    notice TEXT NOT NULL UNIQUE,
    body BYTEA NOT NULL,
    filed_at BIGINT NOT NULL,
    -- The end of the last day on which it could be filed.
    due_at BIGINT NOT NULL,
    -- `filed`, `withdrawn`, `decided`.
    state TEXT NOT NULL
);
CREATE INDEX appeal_owner ON appeal (owner, filed_at);

-- What came from outside and could not be read: kept for an operator, under the site's own key.
CREATE TABLE aside (
    id TEXT NOT NULL PRIMARY KEY,
    -- `hub`, `state`, `upload`.
    source TEXT NOT NULL,
    -- Whose record it was about; `site` if nobody knows.
    owner TEXT NOT NULL,
    -- Our own words.
    reason TEXT NOT NULL,
    -- Its beginning, at most 64 KB.
    body BYTEA NOT NULL,
    -- How long all of it was.
    bytes BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- Which operator has looked at it; empty: nobody.
    seen_by TEXT NOT NULL
);
CREATE INDEX aside_at ON aside (at);
CREATE INDEX aside_owner ON aside (owner, at);

-- A change that somebody reports is another application: which one it follows.
ALTER TABLE application ADD COLUMN follows TEXT;

UPDATE store_mark SET value = 7 WHERE name = 'schema';
