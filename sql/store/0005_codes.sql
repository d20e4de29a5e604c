-- A mailed code belongs to the session that asked for it.
--
-- `mailed_code` (0002) holds one code for each owner and purpose, so a stranger who asks for another one takes the
-- owner's away. Its rows are good for ten minutes; only binaries from before this file use it, and a later file drops it.

CREATE TABLE sent_code (
    -- The hash of the session that asked, in hexadecimal digits.
    session TEXT NOT NULL,
    purpose TEXT NOT NULL,
    owner TEXT NOT NULL,
    code_hash BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    PRIMARY KEY (session, purpose)
);
CREATE INDEX sent_code_owner ON sent_code (owner, made_at);
CREATE INDEX sent_code_expires_at ON sent_code (expires_at);

UPDATE store_mark SET value = 5 WHERE name = 'schema';
