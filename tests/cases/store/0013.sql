-- Rows as a store of schema 13 holds them, for both engines; see 0001.sql.
INSERT INTO event_proof (id, owner, application, kind, event, state, asked_at, due_at, due_day, in_review, reminded, closed_at)
SELECT 'g1', 'account:0192', 'a1', 'loss_of_coverage', '2027-03-01', 'open', 1764000000000, 1766592000000, '2027-03-31', 1, 0,
CAST(NULL AS BIGINT);
UPDATE enrollment SET proof = 'g1';
