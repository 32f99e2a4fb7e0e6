-- title: Unlogged sequence feeds a logged table
-- severity: critical
-- needs: version >= 15
-- says: {object} is unlogged and feeds {column_object}, whose table is not.
-- why: After a crash it begins anew, and every insert meets a value that is taken.
-- hint: Make it survive a crash as its table does.
-- fix: ALTER SEQUENCE {object} SET LOGGED;
-- lock: ACCESS EXCLUSIVE on {object} for a moment
-- source: PostgreSQL documentation, CREATE SEQUENCE, UNLOGGED
-- examined: {sequences} sequences
SELECT
    s.object,
    min(f.object) AS column_object,
    1 AS weight
FROM sequences AS s
INNER JOIN fed_columns AS f ON f.sequence_oid = s.oid
WHERE s.persistence = 'u' AND f.table_persistence = 'p'
GROUP BY s.object
