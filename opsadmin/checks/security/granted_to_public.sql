-- title: Granted to everybody
-- severity: warning
-- says: Every role that can connect has {privileges} on the {kind} {object}{columns}.
-- why: A role made for one task, or a leaked one, reads or changes it as well.
-- hint: Take it back and grant it to the roles that need it.
-- fix: {revoke}
-- lock: none that holds up others
-- source: PostgreSQL documentation, 5.7 Privileges; critical where everybody may change rows
-- examined: {relations} relations
WITH granted AS (
    SELECT
        r.oid,
        r.object,
        r.kind,
        NULL::text AS column_name,
        g.privilege_type
    FROM relations AS r
    CROSS JOIN LATERAL aclexplode(r.acl) AS g
    WHERE r.acl IS NOT NULL AND g.grantee = 0
    UNION
    SELECT
        r.oid,
        r.object,
        r.kind,
        format('%I', a.attname) AS column_name,
        g.privilege_type
    FROM pg_attribute AS a
    INNER JOIN relations AS r ON r.oid = a.attrelid
    CROSS JOIN LATERAL aclexplode(a.attacl) AS g
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND g.grantee = 0
),

by_object AS (
    SELECT
        g.oid,
        g.object,
        g.kind,
        string_agg(DISTINCT g.privilege_type, ', ') AS privileges,
        string_agg(DISTINCT g.privilege_type, ', ') FILTER (WHERE g.column_name IS NULL) AS whole,
        string_agg(DISTINCT g.column_name, ', ') AS column_names,
        string_agg(DISTINCT format('%s (%s)', g.privilege_type, g.column_name), ', ')
            FILTER (WHERE g.column_name IS NOT NULL) AS parts,
        bool_or(g.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE') AND g.kind <> 'S') AS may_write
    FROM granted AS g
    GROUP BY g.oid, g.object, g.kind
)

SELECT
    b.object,
    b.privileges,
    CASE b.kind
        WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
        ELSE 'table'
    END AS kind,
    coalesce(' (columns ' || b.column_names || ')', '') AS columns,
    format(
        'REVOKE %s ON %s %s FROM PUBLIC;', concat_ws(', ', b.whole, b.parts),
        CASE b.kind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, b.object
    ) AS revoke,
    CASE WHEN b.may_write THEN 'critical' ELSE 'warning' END AS severity,
    CASE WHEN b.may_write THEN 1 ELSE 0 END AS weight
FROM by_object AS b
