-- Rows as a store of schema 8 holds them, for both engines; see 0001.sql.
INSERT INTO document (id, owner, application, dmi, how, kind, bytes, secret, name, mark, state, reason, sent_at,
reviewed_at, reviewer)
SELECT 'e1', 'account:0192', 'a1', 'd1', 'upload', 'pdf', 12345, CAST('' AS BYTEA), CAST('' AS BYTEA), CAST('' AS BYTEA),
'received', '', 1764000000000, CAST(NULL AS BIGINT), '';
INSERT INTO document_body (document, body) SELECT 'e1', CAST('' AS BYTEA);
INSERT INTO desk_user (id, login, role, state, password, secret, last_step, code_hash, code_until, made_at, seen_at)
SELECT 'u1', 'maria', 'reviewer', 'active', CAST('' AS BYTEA), CAST('' AS BYTEA), 0, CAST('' AS BYTEA), 0, 1764000000000,
CAST(NULL AS BIGINT);
INSERT INTO desk_session (id_hash, desk_user, stage, made_at, seen_at, expires_at)
SELECT CAST('' AS BYTEA), 'u1', 'open', 1764000000000, 1764000000000, 1764030000000;
INSERT INTO desk_item (dmi, owner, desk_user, taken_at) VALUES ('d1', 'account:0192', 'u1', 1764000000000);
