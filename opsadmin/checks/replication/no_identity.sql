-- title: Published table without replica identity
-- severity: warning
-- says: {object} is published by {publications} with its updates or deletes, and {lacks}.
-- why: Every UPDATE or DELETE on it fails until it has one.
-- hint: Give it a primary key; FULL writes whole old rows to WAL, and the subscriber searches for them row by row.
-- fix: ALTER TABLE {object} REPLICA IDENTITY FULL;
-- lock: ACCESS EXCLUSIVE on {object}
-- source: PostgreSQL documentation, 31.1 Publication
-- examined: {published} published tables
WITH RECURSIVE tree AS (
    SELECT
        p.publication,
        p.oid
    FROM published AS p
    WHERE p.of_changes
    UNION
    SELECT
        t.publication,
        i.inhrelid
    FROM tree AS t
    INNER JOIN pg_inherits AS i ON i.inhparent = t.oid
    INNER JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relispartition
),

lacking AS (
    SELECT
        c.oid,
        format('%I.%I', n.nspname, c.relname) AS object,
        n.nspname AS schema,
        c.relreplident AS identity,
        string_agg(format('%I', t.publication), ', ' ORDER BY t.publication) AS publications
    FROM tree AS t
    INNER JOIN pg_class AS c ON c.oid = t.oid AND c.relkind = 'r'
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_index AS x
        ON x.indrelid = c.oid AND x.indisvalid AND x.indimmediate
            AND ((c.relreplident = 'd' AND x.indisprimary) OR (c.relreplident = 'i' AND x.indisreplident))
    WHERE c.relreplident <> 'f' AND x.indexrelid IS NULL
    GROUP BY c.oid, c.relname, n.nspname, c.relreplident
),

-- An index that could be the identity: unique, whole, of columns that are never NULL.
fitting AS (
    SELECT
        l.oid,
        min(x.indexrelid) AS index_oid
    FROM lacking AS l
    INNER JOIN pg_index AS x
        ON x.indrelid = l.oid AND x.indisunique AND x.indisvalid AND x.indimmediate AND x.indpred IS NULL
            AND x.indexprs IS NULL
    WHERE NOT EXISTS (
        SELECT 1
        FROM pg_attribute AS a
        WHERE a.attrelid = l.oid AND NOT a.attnotnull AND a.attnum = ANY ((x.indkey::int2[])[0:x.indnkeyatts - 1])
    )
    GROUP BY l.oid
)

SELECT
    l.object,
    l.publications,
    CASE l.identity
        WHEN 'n' THEN 'its replica identity is set to nothing'
        WHEN 'i' THEN 'the index of its replica identity is gone'
        ELSE 'it has no primary key that could serve as replica identity'
    END AS lacks,
    CASE WHEN f.index_oid IS NOT NULL THEN 'Take its unique index as the identity, or give it a primary key.' END AS hint,
    CASE WHEN c.relname IS NOT NULL THEN
        format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I;', l.object, c.relname)
    END AS fix_sql
FROM lacking AS l
LEFT JOIN fitting AS f ON f.oid = l.oid
LEFT JOIN pg_class AS c ON c.oid = f.index_oid
