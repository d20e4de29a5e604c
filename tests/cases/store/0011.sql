-- Rows as a store of schema 11 holds them, for both engines; see 0001.sql.
INSERT INTO insurer_file (id, direction, issuer, control, kind, cause, state, first_reference, lines, place, staged, again,
body, made_at, sent_at)
SELECT '834-12345-000000001', 'out', '12345', 1, 'batch', 'batch:1', 'sent', 1, 1, 'p1', 's1', '', CAST('' AS BYTEA),
1764000000000, 1764000001000;
INSERT INTO insurer_line (file, number, reference, enrollment, change, answer, code)
SELECT '834-12345-000000001', 1, 1, 'e1', 'c1', 'accepted', '';
