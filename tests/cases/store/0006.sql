-- Rows as a store of schema 6 holds them, for both engines; see 0001.sql.
INSERT INTO funnel (day, lang, step, event, field, counted)
SELECT 1763942400000, 'es', 'home', 'field', 'zip', 3;
