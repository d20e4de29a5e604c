-- Rows as a store of schema 9 holds them, for both engines; see 0001.sql.
INSERT INTO transfer (id, direction, owner, application, state_code, number, cause, about, people, status, body, made_at,
sent_at, acknowledged_at, answered_at, code)
SELECT 'W0123456789ABCDE', 'out', 'account:0192', 'a1', 'OH', 1, 'submitted', '', '1:medicaid', 'denied',
CAST('' AS BYTEA), 1764000000000, 1764000001000, 1764000002000, 1764000003000, '';
INSERT INTO transfer_step (transfer, step, person, owner, at, said_at, program, from_day, code)
SELECT 'W0123456789ABCDE', 'denied', 1, 'account:0192', 1764000003000, 1764000003000, 'medicaid', '', '';
INSERT INTO enrollment_event (id, owner, application, person, kind, day, source, made_at)
SELECT 'g1', 'account:0192', 'a1', 1, 'medicaid_denied_after_open_enrollment', '2027-01-20',
'transfer:W0123456789ABCDE', 1764000003000;
