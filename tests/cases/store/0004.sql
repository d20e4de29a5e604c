-- Rows as a store of schema 4 holds them, for both engines; see 0001.sql.
INSERT INTO application (id, draft, owner, reference, plan_year, answers, answers_version, determination, catalogue,
submitted_at)
SELECT 'a1', '77', 'account:0192', '482193075512', 2027, CAST('' AS BYTEA), 1, CAST('' AS BYTEA),
'catalogue-2027-20261101-0a1b2c3d', 1764000000000;
INSERT INTO notice (id, application, owner, kind, body, posted_at, read_at)
SELECT 'n1', 'a1', 'account:0192', 'eligibility', CAST('' AS BYTEA), 1764000000000, CAST(NULL AS BIGINT);
