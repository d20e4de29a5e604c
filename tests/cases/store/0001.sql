-- Rows as a store of schema 1 holds them, for both engines. No literal for bytes is read alike by both, so bytes are
-- cast from nothing; the test looks at how many rows there are.
INSERT INTO data_key (owner, ring_key, wrapped, made_at)
SELECT 'account:0192', 305419896, CAST('' AS BYTEA), 1764000000000;
INSERT INTO audit_lane (lane, last, chain, mark)
SELECT 3, 1, CAST('' AS BYTEA), CAST('' AS BYTEA);
INSERT INTO audit (lane, number, at, actor, deed, owner, record, session, chain)
SELECT 3, 1, 1764000000000, 'account:0192', 'exported', 'account:0192', '', '5e55', CAST('' AS BYTEA);
INSERT INTO lookup (kind, mac, ring_key, owner)
SELECT 'email', CAST('' AS BYTEA), 305419896, 'account:0192';
