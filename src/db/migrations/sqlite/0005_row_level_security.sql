-- SQLite has no row-level security, so there is nothing to do: here the check that a statement names
-- no other organisation than the one that is acted for, which both databases have, stands alone.
SELECT 1;
