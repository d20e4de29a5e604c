-- Rows as a store of schema 14 holds them, for both engines; see 0001.sql.
UPDATE enrollment SET no_renewal_at = 1764000002000;
