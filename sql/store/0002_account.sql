-- Accounts, their sessions, drafts of applications, devices, second steps, and counters against guessing.
--
-- What a person typed is in BYTEA columns, sealed under the data key of `account:ID` or `guest:ID` (src/store/columns.rs).
-- IDs are 32 hexadecimal digits, random. Tokens and codes are kept as hashes only.

CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    -- As typed.
    email BYTEA NOT NULL,
    -- An argon2id string. Sealed, too: a stolen table alone cannot be guessed at.
    password BYTEA NOT NULL,
    -- It has at least this many characters; decides what removing the last second step asks for.
    password_chars BIGINT NOT NULL,
    lang TEXT NOT NULL,
    email_confirmed_at BIGINT,
    -- Raised by each change of address, password or second step; a page that changes one says which it saw.
    version BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);

-- One row a browser that is signed in, or that has begun as a guest. Nothing personal: pages read typed tables.
CREATE TABLE session (
    id_hash BYTEA NOT NULL PRIMARY KEY,
    -- `account:ID` or `guest:ID`: whose data key opens what it sees. Empty until there is one.
    owner TEXT NOT NULL,
    device TEXT NOT NULL,
    lang TEXT NOT NULL,
    -- This is a shared computer: shorter limits.
    shared BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    -- Written at most once a minute.
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    authenticated_at BIGINT,
    second_step_at BIGINT
);
CREATE INDEX session_owner ON session (owner, seen_at);
CREATE INDEX session_expires_at ON session (expires_at);

-- A form that arrived while its session was locked, kept until its owner has typed the password.
CREATE TABLE pending (
    session BYTEA NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    -- Address and body.
    request BYTEA NOT NULL,
    made_at BIGINT NOT NULL
);

-- What somebody has begun. One for each owner; a guest's goes over to the account that takes it.
CREATE TABLE draft (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    answers BYTEA NOT NULL,
    answers_version BIGINT NOT NULL,
    -- Counted up by each save; a save says which it saw.
    version BIGINT NOT NULL,
    -- 0 open, 1 submitted, 2 withdrawn, 3 expired.
    state BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX draft_owner ON draft (owner, changed_at);
CREATE INDEX draft_changed_at ON draft (state, changed_at);

-- The printed code that brings a guest back to a draft on another computer.
CREATE TABLE resume_code (
    code_hash BYTEA NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX resume_code_owner ON resume_code (owner, made_at);

-- A browser that has signed in before, known by a cookie of its own.
CREATE TABLE device (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    -- What it calls itself, for the list of devices.
    name BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX device_owner ON device (owner, seen_at);

-- The key of an authenticator app.
CREATE TABLE totp (
    owner TEXT NOT NULL PRIMARY KEY,
    secret BYTEA NOT NULL,
    -- The last step whose code was taken: each is good once.
    last_step BIGINT NOT NULL,
    -- Empty until the first right code has proved that the app has it.
    confirmed_at BIGINT
);

CREATE TABLE recovery_code (
    owner TEXT NOT NULL,
    number BIGINT NOT NULL,
    code_hash BYTEA NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (owner, number)
);

-- A code or link that was mailed: to confirm an address, for a second step, to set a new password.
CREATE TABLE mailed_code (
    owner TEXT NOT NULL,
    purpose TEXT NOT NULL,
    code_hash BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    PRIMARY KEY (owner, purpose)
);

-- Counters against guessing. `bucket` is a MAC: over an account, a device of an account, or a network address.
CREATE TABLE guess (
    bucket BYTEA NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    -- Failures in a row, ever: how long the next pause is.
    streak BIGINT NOT NULL,
    window_began_at BIGINT NOT NULL,
    closed_until BIGINT NOT NULL
);
CREATE INDEX guess_window_began_at ON guess (window_began_at);

UPDATE store_mark SET value = 2 WHERE name = 'schema';
