-- Files to and from insurers: which went out with whose enrollments, what was answered, what came in.
--
-- No row here holds a word of a person: files lie in the drop folder alone, and what is in them is written again from what is
-- sealed with each enrollment.

CREATE TABLE insurer_file (
    -- Of one that we sent: its name, `834-12345-000000001`. Of one that came in: `12345-in-` and the beginning of its hash.
    id TEXT NOT NULL PRIMARY KEY,
    -- `out`, `in`.
    direction TEXT NOT NULL,
    -- `12345`.
    issuer TEXT NOT NULL,
    -- The interchange's: of ours without a gap.
    control BIGINT NOT NULL,
    -- Why: `batch`, `again`, `audit`; of what came in, `answer`, `audit`.
    kind TEXT NOT NULL,
    -- Once for each insurer: `batch:1`, `again:834-12345-000000001:2`, `audit:2027-01:1`, `in:` and a hash.
    cause TEXT NOT NULL,
    -- `made`, `sent`; of what came in, `taken`.
    state TEXT NOT NULL,
    -- Of ours: the number of its first transaction (BGN02), and how many it has. Of others: 0, and how many answers.
    first_reference BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    -- The folder that it was laid beside, and the word in its name there.
    place TEXT NOT NULL,
    staged TEXT NOT NULL,
    -- What an operator wants sent again: empty, `rest` (what was not accepted), `all`.
    again TEXT NOT NULL,
    -- Of an insurer's audit: numbers of enrollments, amounts and days in which it differs from ours; sealed for the site.
    body BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    sent_at BIGINT,
    UNIQUE (issuer, direction, control),
    UNIQUE (issuer, cause)
);
CREATE INDEX insurer_file_state ON insurer_file (direction, state, made_at);

-- One transaction of a file of ours.
CREATE TABLE insurer_line (
    file TEXT NOT NULL,
    -- Its place in the file, from 1 (ST02).
    number BIGINT NOT NULL,
    -- BGN02.
    reference BIGINT NOT NULL,
    enrollment TEXT NOT NULL,
    -- Row of enrollment_change; of an audit, empty.
    change TEXT NOT NULL,
    -- Empty, `accepted`, `rejected`.
    answer TEXT NOT NULL,
    -- What the answer said, a code.
    code TEXT NOT NULL,
    PRIMARY KEY (file, number)
);
CREATE INDEX insurer_line_enrollment ON insurer_line (enrollment, reference);

UPDATE store_mark SET value = 11 WHERE name = 'schema';
