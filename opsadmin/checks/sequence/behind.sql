-- title: Sequence behind its column
-- severity: warning
-- threshold: most_pages = 1000; pages of a table that is read in full where no index gives the largest value (our choice: 8 MB)
-- threshold: most_relations = 600; tables and indexes that are opened, as far as the server's lock table bears them easily, the most suspicious first (our choice)
-- says: {object} gives {next_value} next, but {column_object} has {reached} already{then_what}.
-- why: An insert that takes a value which is taken fails, or gives two rows one number where nothing forbids it.
-- hint: {what_to_do}
-- source: rows loaded with their own values, a restore, or a setval; the largest value itself was read
-- examined: {counted_sequences} of {sequences} sequences
WITH locked AS (
    SELECT DISTINCT k.relation AS oid
    FROM pg_locks AS k
    WHERE k.relation IS NOT NULL AND k.mode = 'AccessExclusiveLock' AND k.pid <> pg_backend_pid()
),

indexed AS (
    SELECT
        i.indrelid AS table_oid,
        count(*) AS indexes,
        bool_or(k.oid IS NOT NULL) AS is_locked
    FROM pg_index AS i
    LEFT JOIN locked AS k ON k.oid = i.indexrelid
    GROUP BY i.indrelid
),

-- Columns whose end an index knows.
led AS (
    SELECT
        i.indrelid AS table_oid,
        i.indkey[0] AS number,
        bool_or(i.indisunique AND i.indnkeyatts = 1) AS is_unique
    FROM pg_index AS i
    INNER JOIN pg_class AS c ON c.oid = i.indexrelid
    INNER JOIN pg_am AS m ON m.oid = c.relam AND m.amname = 'btree'
    WHERE i.indisvalid AND i.indpred IS NULL
    GROUP BY i.indrelid, i.indkey[0]
),

-- A partitioned table is read with all its partitions, one without foreign ones.
families AS (
    SELECT
        t.root,
        count(*) + coalesce(sum(x.indexes), 0) AS relations,
        sum(greatest(t.pages, t.rows / 100)) AS pages,
        bool_or(k.oid IS NOT NULL OR coalesce(x.is_locked, false)) AS is_locked
    FROM tables AS t
    LEFT JOIN indexed AS x ON x.table_oid = t.oid
    LEFT JOIN locked AS k ON k.oid = t.oid
    WHERE t.root NOT IN (
            SELECT pg_partition_root(r.oid)
            FROM relations AS r
            WHERE r.kind = 'f' AND r.is_partition
        )
    GROUP BY t.root
),

-- Of a sequence that this role may not read, `next_value` is NULL.
candidates AS (
    SELECT
        s.object,
        s.step,
        s.first,
        q.next_value,
        s.lowest,
        s.highest,
        f.object AS column_object,
        f.table_object,
        f.table_rows,
        f.name,
        coalesce(l.is_unique, false) AS is_unique,
        y.is_locked,
        y.relations,
        has_column_privilege(f.table_oid, f.number::int2, 'SELECT') AND has_schema_privilege(c.relnamespace, 'USAGE')
        AND NOT row_security_active(f.table_oid) AND q.next_value IS NOT NULL AS may_read,
        CASE WHEN f.table_kind = 'p' THEN f.table_object ELSE 'ONLY ' || f.table_object END AS source
    FROM sequences AS s
    LEFT JOIN counted_sequences AS q ON q.oid = s.oid
    INNER JOIN fed_columns AS f ON f.sequence_oid = s.oid
    INNER JOIN families AS y ON y.root = f.table_oid
    INNER JOIN pg_class AS c ON c.oid = f.table_oid
    LEFT JOIN led AS l ON l.table_oid = f.table_oid AND l.number = f.number
    WHERE f.is_number AND NOT s.cycles AND (l.table_oid IS NOT NULL OR y.pages <= :most_pages)
        AND (q.oid IS NOT NULL OR NOT has_sequence_privilege(s.oid, 'USAGE, SELECT'))
),

ranked AS (
    SELECT
        c.*,
        -- More rows than values given is suspicious.
        sum(c.relations) FILTER (WHERE c.may_read) OVER (
            ORDER BY
                c.table_rows > abs(c.next_value - c.first) / abs(c.step) DESC NULLS LAST,
                c.table_rows DESC,
                c.object ASC,
                c.column_object ASC
        ) AS opened
    FROM candidates AS c
),

answered AS (
    SELECT
        c.*,
        CASE
            WHEN c.may_read AND NOT c.is_locked
                AND c.opened <= least(
                    :most_relations,
                    current_setting('max_locks_per_transaction')::int * current_setting('max_connections')::int / 5
                )
                THEN (
                    -- A question as a text, run by ts_stat: its words are the answer.
                    SELECT coalesce(string_agg(w.word, ' '), '')
                    FROM ts_stat(
                        format(
                            'SELECT array_to_tsvector(array_remove(ARRAY['
                            '''reached='' || (SELECT %s(t.%I) FROM %s AS t), '
                            'CASE WHEN EXISTS (SELECT 1 FROM %s AS t WHERE t.%I = %s) THEN ''taken'' END], NULL))',
                            CASE WHEN c.step > 0 THEN 'max' ELSE 'min' END,
                            c.name,
                            c.source,
                            c.source,
                            c.name,
                            c.next_value
                        )
                    ) AS w
                )
        END AS answer
    FROM ranked AS c
),

read AS (
    SELECT
        a.*,
        substring(a.answer FROM 'reached=(-?\d+)')::numeric AS reached,
        a.answer LIKE '%taken%' AS is_taken
    FROM answered AS a
),

behind AS (
    SELECT DISTINCT ON (r.object)
        r.*,
        abs(r.reached - r.next_value) AS distance
    FROM read AS r
    WHERE (r.step > 0 AND r.reached >= r.next_value) OR (r.step < 0 AND r.reached <= r.next_value)
    ORDER BY r.object ASC, abs(r.reached - r.next_value) DESC, r.column_object ASC
)

SELECT
    b.object,
    b.column_object,
    b.next_value,
    b.reached,
    CASE
        WHEN NOT b.is_unique THEN '; nothing keeps two rows from getting one number'
        WHEN b.is_taken THEN ', and the next insert fails'
        ELSE ', and inserts fail when it gets there'
    END AS then_what,
    CASE
        WHEN b.reached BETWEEN b.lowest AND b.highest
            THEN 'Set it to where the column is while nobody inserts; see what brings values of its own.'
        ELSE 'The column is past the end of the sequence: raise that first, then set the sequence.'
    END AS what_to_do,
    CASE
        WHEN b.reached BETWEEN b.lowest AND b.highest
            THEN
                format(
                    'SELECT setval(%L, (SELECT %s(%I) FROM %s));',
                    b.object,
                    CASE WHEN b.step > 0 THEN 'max' ELSE 'min' END,
                    b.name,
                    b.table_object
                )
        ELSE ''
    END AS fix_sql,
    CASE WHEN b.is_unique AND b.is_taken THEN 'critical' END AS severity,
    NULL AS not_looked_at,
    false AS nothing_seen,
    b.distance AS weight
FROM behind AS b
UNION ALL
SELECT
    format('%s columns that a sequence feeds', count(*)),
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    CASE WHEN r.may_read THEN '' ELSE format('GRANT pg_read_all_data TO %I;', current_user) END,
    NULL,
    CASE
        WHEN r.may_read THEN 'They are more than one look reads; the most suspicious were read.'
        ELSE format('The role %s may not read them or their sequence.', current_user)
    END,
    NOT r.may_read AND count(*) * 2 > (SELECT count(*) FROM read),
    NULL
FROM read AS r
WHERE r.answer IS NULL AND NOT r.is_locked
GROUP BY r.may_read
