-- What people send to answer a data-matching issue, and the operators who look at it.
--
-- Each document has a key of its own, sealed under the data key of its owner: when a guest makes an account, or a key is
-- destroyed, some hundred bytes change and not ten million.

CREATE TABLE document (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    application TEXT NOT NULL,
    dmi TEXT NOT NULL,
    -- `upload`, `post`: as a file, or on paper.
    how TEXT NOT NULL,
    -- `pdf`, `jpeg`, `png`, `heic`; empty for paper.
    kind TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    -- Its own key; empty for paper.
    secret BYTEA NOT NULL,
    -- What its file was called, under its own key; empty for paper.
    name BYTEA NOT NULL,
    -- A MAC over its contents: the same file twice is one document.
    mark BYTEA NOT NULL,
    -- `received`, `accepted`, `rejected`.
    state TEXT NOT NULL,
    -- Why it was rejected, a word of a closed list; else empty.
    reason TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    reviewed_at BIGINT,
    -- Who at the desk decided; empty: nobody yet.
    reviewer TEXT NOT NULL
);
CREATE UNIQUE INDEX document_mark ON document (dmi, mark);
CREATE INDEX document_owner ON document (owner, sent_at);
CREATE INDEX document_state ON document (state, sent_at);

-- Apart from the rest, so that a change of its state does not write it again.
CREATE TABLE document_body (
    document TEXT NOT NULL PRIMARY KEY,
    -- The file as it came, under the document's own key.
    body BYTEA NOT NULL
);

-- Who may work at the desk: made, disabled and reset from a terminal only.
CREATE TABLE desk_user (
    id TEXT NOT NULL PRIMARY KEY,
    -- A word that the operator has chosen.
    login TEXT NOT NULL UNIQUE,
    -- `reviewer`, `supervisor`.
    role TEXT NOT NULL,
    -- `invited` (no password or app yet), `active`, `disabled`.
    state TEXT NOT NULL,
    -- The argon2id string and the app's key, under the site's key; empty until both are set up.
    password BYTEA NOT NULL,
    secret BYTEA NOT NULL,
    -- The last step of the app that was taken: each code counts once.
    last_step BIGINT NOT NULL,
    -- Of the code that begins; empty once it was used.
    code_hash BYTEA NOT NULL,
    code_until BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    seen_at BIGINT
);

CREATE TABLE desk_session (
    id_hash BYTEA NOT NULL PRIMARY KEY,
    desk_user TEXT NOT NULL,
    -- `setup`: a password was chosen and the app is not proved yet; `open`: signed in.
    stage TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX desk_session_user ON desk_session (desk_user, made_at);
CREATE INDEX desk_session_expires_at ON desk_session (expires_at);

-- Which reviewer has which data-matching issue open.
CREATE TABLE desk_item (
    dmi TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    desk_user TEXT NOT NULL,
    taken_at BIGINT NOT NULL
);
CREATE INDEX desk_item_owner ON desk_item (owner, taken_at);
CREATE INDEX desk_item_user ON desk_item (desk_user, taken_at);

UPDATE store_mark SET value = 8 WHERE name = 'schema';
