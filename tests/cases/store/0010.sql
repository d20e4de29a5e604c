-- Rows as a store of schema 10 holds them, for both engines; see 0001.sql.
INSERT INTO plan_choice (application, owner, body, version, changed_at)
SELECT 'a1', 'account:0192', CAST('' AS BYTEA), 3, 1764000000000;
INSERT INTO enrollment (id, owner, application, number, choice, plan_year, plan, issuer, product, state, starts, ends,
signed, catalogue, follows, made_at, changed_at, version)
SELECT 'e1', 'account:0192', 'a1', '4821930755', 3, 2027, '12345OH0010001-04', '12345', 'medical', 'sent', '2027-01-01',
'2027-12-31', CAST('' AS BYTEA), 'catalogue-2027-20261101-0a1b2c3d', '', 1764000000000, 1764000001000, 2;
INSERT INTO enrollment_change (id, enrollment, owner, number, kind, from_day, reason, body, made_at, file, held, answer,
code)
SELECT 'c1', 'e1', 'account:0192', 1, 'initial', '2027-01-01', 'open_enrollment', CAST('' AS BYTEA), 1764000000000,
'f1', '', 'accepted', '';
INSERT INTO enrollment_step (enrollment, owner, step, at, from_day, code)
SELECT 'e1', 'account:0192', 'signed', 1764000000000, '2027-01-01', '';
INSERT INTO tax_record (id, owner, application, plan_year, number, body, made_at)
SELECT 't1', 'account:0192', 'a1', 2027, 1, CAST('' AS BYTEA), 1764000000000;
