-- The office's store begins: what it is, the keys of people's data, the record of every deed.
--
-- Rules for every file here (tests/site/store/lint.rs holds them): the types are TEXT, BIGINT, DOUBLE PRECISION and
-- BYTEA; one column a line; money in cents, times in milliseconds since 1970 by the store's clock, flags 0 or 1; only
-- words that SQLite and PostgreSQL both know and read alike. A file that has been released never changes: the next one
-- adds. A migration raises `schema` to its own number, and `min_binary` only if older binaries would do harm.

-- What this store is. `schema`: the newest migration that ran. `min_binary`: binaries that know no migration of at
-- least this number must not open it.
CREATE TABLE store_mark (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO store_mark (name, value) VALUES ('schema', 1), ('min_binary', 1);

-- One random key for each person's data (an account, a guest's draft, the site itself), wrapped under a key of the key
-- ring. Deleting the row is the deletion of everything sealed under it.
CREATE TABLE data_key (
    owner TEXT NOT NULL PRIMARY KEY,
    -- Of the key ring's key that wrapped it: the first four bytes of its hash, as a number.
    ring_key BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX data_key_ring_key ON data_key (ring_key, made_at);

-- The record of deeds, append-only. Several chains (lanes), so that two people's deeds do not wait for each other;
-- one owner's deeds are all in one lane. `chain` is a MAC over the row before and this row.
CREATE TABLE audit (
    lane BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- Who did it: `account:…`, `guest:…`, `operator:…` or `site`.
    actor TEXT NOT NULL,
    -- What: a word of a closed list.
    deed TEXT NOT NULL,
    -- To whose record: the owner of its data key, and what of it.
    owner TEXT NOT NULL,
    record TEXT NOT NULL,
    -- From which session: the start of its hash; empty for commands and for the site.
    session TEXT NOT NULL,
    chain BYTEA NOT NULL,
    PRIMARY KEY (lane, number)
);
CREATE INDEX audit_owner ON audit (owner, lane, number);

-- The end of each lane. `mark` is a MAC over the end, so that cutting rows off the end shows.
CREATE TABLE audit_lane (
    lane BIGINT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL,
    chain BYTEA NOT NULL,
    mark BYTEA NOT NULL
);

-- Whose an e-mail address or a Social Security number is, without holding either: a MAC over its normal form, under a
-- key derived from the key ring. While several ring keys are in use there is a row for each.
CREATE TABLE lookup (
    kind TEXT NOT NULL,
    mac BYTEA NOT NULL,
    ring_key BIGINT NOT NULL,
    owner TEXT NOT NULL,
    PRIMARY KEY (kind, mac)
);
CREATE INDEX lookup_owner ON lookup (owner, kind);
CREATE INDEX lookup_ring_key ON lookup (ring_key, kind);
