-- The columns that a sequence feeds: as its owner, its identity, or by a default that calls nextval. `highest`, `lowest`:
-- what the column's type can hold, NULL where that is no number with an end. A partition's copy of its parent's column is
-- left out.
WITH fed AS (
    SELECT
        s.oid AS sequence_oid,
        s.owner_oid AS table_oid,
        s.owner_column AS number
    FROM sequences AS s
    WHERE s.owner_oid IS NOT NULL
    UNION
    SELECT
        d.refobjid,
        f.adrelid,
        f.adnum
    FROM pg_attrdef AS f
    INNER JOIN pg_depend AS d ON d.classid = 2604 AND d.objid = f.oid AND d.refclassid = 1259 AND d.deptype = 'n'
    INNER JOIN sequences AS s ON s.oid = d.refobjid
)

SELECT
    f.sequence_oid,
    f.table_oid,
    f.number,
    t.object AS table_object,
    t.schema AS table_schema,
    t.owner AS table_owner,
    t.persistence AS table_persistence,
    t.kind AS table_kind,
    t.rows AS table_rows,
    format('%s.%I', t.object, a.attname) AS object,
    a.attname AS name,
    y.typname AS type,
    CASE y.typname
        WHEN 'int2' THEN 32767
        WHEN 'int4' THEN 2147483647
        WHEN 'int8' THEN 9223372036854775807
        WHEN 'numeric'
            THEN
                CASE
                    WHEN coalesce(nullif(y.typtypmod, -1), a.atttypmod) > 4
                        THEN
                            10::numeric ^ (
                                ((coalesce(nullif(y.typtypmod, -1), a.atttypmod) - 4) >> 16)
                                - ((coalesce(nullif(y.typtypmod, -1), a.atttypmod) - 4) & 2047)
                            ) - 1
                END
    END AS highest,
    CASE y.typname
        WHEN 'int2' THEN -32768
        WHEN 'int4' THEN -2147483648
        WHEN 'int8' THEN -9223372036854775808
    END::numeric AS lowest,
    y.typname IN ('int2', 'int4', 'int8', 'numeric') AS is_number
FROM fed AS f
INNER JOIN tables AS t ON t.oid = f.table_oid AND NOT t.is_partition
INNER JOIN pg_attribute AS a ON a.attrelid = f.table_oid AND a.attnum = f.number AND NOT a.attisdropped
INNER JOIN column_types AS y ON y.oid = a.atttypid
