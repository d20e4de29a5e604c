-- Account transfers with the Medicaid and CHIP agencies of states: what was sent, what came back, what came in.
--
-- A transfer belongs to an application and its owner; its content is sealed under the data key of that owner. Steps are
-- identifiers and words of closed lists.

CREATE TABLE transfer (
    -- Of one that we sent: as it stands in the file. Of one that came in: `STATE:` and the sender's own ID.
    id TEXT NOT NULL PRIMARY KEY,
    -- `out`, `in`.
    direction TEXT NOT NULL,
    owner TEXT NOT NULL,
    -- Empty: somebody whom an agency sent here and who has not applied yet.
    application TEXT NOT NULL,
    -- Postal code of the agency's state.
    state_code TEXT NOT NULL,
    -- Of what we send: the first, the second … of its application. Of what came in: 0.
    number BIGINT NOT NULL,
    -- `submitted`, `redetermined:ID`, `resent:N`; of what came in, `in:` and its ID.
    cause TEXT NOT NULL,
    -- Of an answer: the transfer of ours that it is about; else empty.
    about TEXT NOT NULL,
    -- Who is referred, and to which program: `1:medicaid,2:chip`; `3:ended`: who was, and is not any more.
    people TEXT NOT NULL,
    -- The step that counts: `made`, `failed`, `sent`, `acknowledged`, `refused`, `accepted`, `rejected`, `determined`,
    -- `denied`; of what came in, `answer`, `returned`, `begun`.
    status TEXT NOT NULL,
    -- The transfer as XML.
    body BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    sent_at BIGINT,
    acknowledged_at BIGINT,
    answered_at BIGINT,
    -- The rule that it broke, or the code that the agency answered with; empty if all is well.
    code TEXT NOT NULL,
    UNIQUE (application, cause)
);
CREATE INDEX transfer_owner ON transfer (owner, made_at);
CREATE INDEX transfer_status ON transfer (direction, status, made_at);

-- What became of a transfer, each step once for each person.
CREATE TABLE transfer_step (
    transfer TEXT NOT NULL,
    step TEXT NOT NULL,
    -- Row of the sheet of answers; 0: all of it.
    person BIGINT NOT NULL,
    owner TEXT NOT NULL,
    -- When we learned of it.
    at BIGINT NOT NULL,
    -- When the agency says that it was.
    said_at BIGINT NOT NULL,
    -- `medicaid`, `chip`, or empty.
    program TEXT NOT NULL,
    -- The day from which it holds, `2027-01-01`; empty if none was said.
    from_day TEXT NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (transfer, step, person)
);
CREATE INDEX transfer_step_owner ON transfer_step (owner, at);

-- What opens a special enrollment period for somebody, because an office has told us of it.
CREATE TABLE enrollment_event (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    application TEXT NOT NULL,
    person BIGINT NOT NULL,
    -- A code of sep_kinds.csv.
    kind TEXT NOT NULL,
    -- `2027-01-20`.
    day TEXT NOT NULL,
    -- `transfer:` and an ID.
    source TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    UNIQUE (application, person, kind, day)
);
CREATE INDEX enrollment_event_owner ON enrollment_event (owner, made_at);

UPDATE store_mark SET value = 9 WHERE name = 'schema';
