-- Rows as a store of schema 7 holds them, for both engines; see 0001.sql.
INSERT INTO verification_run (application, owner, began_at, wait_until, done_at, version)
SELECT 'a1', 'account:0192', 1764000000000, 1764000000000, CAST(NULL AS BIGINT), 1;
INSERT INTO verification (id, application, owner, person, subject, state, service, answer, asked_at, answered_at)
SELECT 'v1', 'a1', 'account:0192', 1, 'ssn', 'inconsistent', 'SSAC', CAST('' AS BYTEA), 1764000000000, 1764000000000;
INSERT INTO dmi (id, application, owner, person, kind, state, closed_how, opened_at, noticed_at, due_at, due_day,
added_days, in_review, reminded, closed_at)
SELECT 'd1', 'a1', 'account:0192', 1, 'ssn', 'open', '', 1764000000000, 1764000000000, 1772000000000, '2027-02-25', 0,
0, 60, CAST(NULL AS BIGINT);
INSERT INTO redetermination (id, application, owner, number, cause, household, determination, catalogue, notice, made_at)
SELECT 'r1', 'a1', 'account:0192', 1, 'dmi_expired:d1', CAST('' AS BYTEA), CAST('' AS BYTEA),
'catalogue-2027-20261101-0a1b2c3d', 'n2', 1764000000000;
INSERT INTO appeal (id, owner, application, notice, body, filed_at, due_at, state)
SELECT 'p1', 'account:0192', 'a1', 'n1', CAST('' AS BYTEA), 1764000000000, 1772000000000, 'filed';
INSERT INTO aside (id, source, owner, reason, body, bytes, at, seen_by)
SELECT 's1', 'hub', 'account:0192', 'it is no JSON', CAST('' AS BYTEA), 17, 1764000000000, '';
