-- Rows as a store of schema 2 holds them, for both engines; see 0001.sql.
INSERT INTO account (id, email, password, password_chars, lang, email_confirmed_at, version, made_at, seen_at)
SELECT '0192', CAST('' AS BYTEA), CAST('' AS BYTEA), 15, 'es', CAST(NULL AS BIGINT), 1, 1764000000000, 1764000000000;
INSERT INTO session (id_hash, owner, device, lang, shared, made_at, seen_at, expires_at, authenticated_at, second_step_at)
SELECT CAST('' AS BYTEA), 'account:0192', '', 'es', 0, 1764000000000, 1764000000000, 1764043200000, 1764000000000,
CAST(NULL AS BIGINT);
INSERT INTO pending (session, owner, request, made_at)
SELECT CAST('' AS BYTEA), 'account:0192', CAST('' AS BYTEA), 1764000000000;
INSERT INTO draft (id, owner, answers, answers_version, version, state, made_at, changed_at)
SELECT '77', 'account:0192', CAST('' AS BYTEA), 1, 3, 0, 1764000000000, 1764000000000;
INSERT INTO resume_code (code_hash, owner, made_at, expires_at)
SELECT CAST('' AS BYTEA), 'guest:55', 1764000000000, 1771776000000;
INSERT INTO device (id, owner, token_hash, name, made_at, seen_at)
SELECT 'd1', 'account:0192', CAST('' AS BYTEA), CAST('' AS BYTEA), 1764000000000, 1764000000000;
INSERT INTO totp (owner, secret, last_step, confirmed_at)
SELECT 'account:0192', CAST('' AS BYTEA), 58800000, 1764000000000;
INSERT INTO recovery_code (owner, number, code_hash, used_at)
SELECT 'account:0192', 1, CAST('' AS BYTEA), CAST(NULL AS BIGINT);
INSERT INTO mailed_code (owner, purpose, code_hash, made_at, expires_at, tries)
SELECT 'account:0192', 'confirm', CAST('' AS BYTEA), 1764000000000, 1764000600000, 0;
INSERT INTO guess (bucket, failures, streak, window_began_at, closed_until)
SELECT CAST('' AS BYTEA), 1, 1, 1764000000000, 0;
