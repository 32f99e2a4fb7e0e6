-- title: Unlogged table with rows
-- severity: warning
-- threshold: min_rows = 100; rows (our choice; what holds fewer is soon filled again)
-- says: {object} is unlogged and has {rows} rows.
-- why: A crash of the server empties it, and no standby and no backup by WAL has its rows.
-- hint: Make it logged, unless every row of it can be made again: then ignore this finding for the table.
-- fix: ALTER TABLE {object} SET LOGGED;
-- lock: ACCESS EXCLUSIVE on {object} while it is copied
-- source: PostgreSQL documentation, CREATE TABLE, UNLOGGED
-- examined: {tables} tables
SELECT
    t.object,
    t.rows,
    t.rows AS weight
FROM tables AS t
WHERE t.kind = 'r' AND t.persistence = 'u' AND t.rows >= :min_rows
