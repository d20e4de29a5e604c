-- Rows as a store of schema 5 holds them, for both engines; see 0001.sql.
INSERT INTO sent_code (session, purpose, owner, code_hash, made_at, expires_at, tries)
SELECT '5e55', 'new_password', 'account:0192', CAST('' AS BYTEA), 1764000000000, 1764000600000, 0;
