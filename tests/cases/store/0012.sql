-- Rows as a store of schema 12 holds them, for both engines; see 0001.sql.
UPDATE appeal SET urgent = 0, decide_by = 1772000000000;
