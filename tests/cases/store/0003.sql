-- Rows as a store of schema 3 holds them, for both engines; see 0001.sql.
INSERT INTO job (id, kind, key, shard, state, made_at, run_at, deadline, attempt, max_attempts, token, lease_until, worker,
began_at, owner, payload, last_error, request_id)
SELECT 8123, 'letter', 'letter:77', 11, 0, 1764000000000, 1764000000000, CAST(NULL AS BIGINT), 1, 20, 1,
CAST(NULL AS BIGINT), '', CAST(NULL AS BIGINT), 'account:0192', CAST('' AS BYTEA), 'the server answered 451', '';
INSERT INTO job_done (key, id, kind, owner, outcome, attempts, made_at, done_at, request_id)
SELECT 'letter:76', 8122, 'letter', 'account:0192', 'done', 1, 1764000000000, 1764000000500, '';
INSERT INTO queue_pause (kind, paused_at) SELECT 'letter', 1764000000000;
INSERT INTO letter (key, job, owner, template, queued_at, mailed_at, accepted_by, bounced_at, code)
SELECT 'letter:76', 8122, 'account:0192', 'message', 1764000000000, 1764000000500, 'mail.example.org', 1764000009000, '5.1.1';
INSERT INTO mail_state (owner, bounced_at, code, soft, changed_at)
SELECT 'account:0192', 1764000009000, '5.1.1', 0, 1764000009000;
