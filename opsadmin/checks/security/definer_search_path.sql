-- title: SECURITY DEFINER without a safe search_path
-- severity: warning
-- says: {object} runs with the rights of {owner_name}{superuser}, {callers} may call it, and {flaw}.
-- why: Who calls it chooses what its names stand for, and so has own code run with the owner's rights.
-- hint: Fix the path: pg_catalog, the schemas that the function needs, then pg_temp. Check that it names nothing from
--    another one.
-- lock: none on tables
-- source: PostgreSQL documentation, CREATE FUNCTION, "Writing SECURITY DEFINER Functions Safely"; critical where a
--    superuser owns it, PUBLIC may call it and it has no path
-- examined: {functions} functions
WITH definers AS (
    SELECT
        f.oid,
        f.object,
        f.kind,
        f.schema,
        f.owner,
        f.acl IS NULL OR EXISTS (
            SELECT 1
            FROM aclexplode(f.acl) AS g
            WHERE g.grantee = 0
        ) AS is_open,
        (
            SELECT substr(s.entry, 13)
            FROM unnest(f.settings) AS s (entry)
            WHERE s.entry LIKE 'search\_path=%'
        ) AS path
    FROM functions AS f
    -- Written in C they name nothing by a path; the body of BEGIN ATOMIC was bound when it was made.
    WHERE f.is_definer AND f.language NOT IN (12, 13) AND NOT f.is_bound
),

-- Who may create in a schema beside its owner and superusers; 0 is PUBLIC.
creators AS (
    SELECT DISTINCT
        s.name AS schema,
        g.grantee,
        CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END AS who
    FROM schemas AS s
    CROSS JOIN LATERAL aclexplode(s.acl) AS g
    LEFT JOIN pg_roles AS r ON r.oid = g.grantee
    WHERE g.privilege_type = 'CREATE' AND g.grantee <> s.owner AND r.rolsuper IS NOT TRUE
        AND coalesce(r.rolname, '') NOT LIKE 'pg\_%'
),

-- Where each path begins: PostgreSQL passes over schemas that are not there, and "$user" is the owner here.
begins AS (
    SELECT DISTINCT ON (e.oid)
        e.oid,
        e.schema
    FROM (
        SELECT
            d.oid,
            p.place,
            CASE
                WHEN p.part[1] = '"$user"' THEN o.rolname
                WHEN p.part[1] LIKE '"%' THEN replace(substr(p.part[1], 2, length(p.part[1]) - 2), '""', '"')
                ELSE p.part[1]
            END AS schema
        FROM definers AS d
        INNER JOIN pg_roles AS o ON o.oid = d.owner
        CROSS JOIN LATERAL regexp_matches(d.path, '"(?:[^"]|"")*"|[^,\s]+', 'g') WITH ORDINALITY AS p (part, place)
    ) AS e
    INNER JOIN pg_namespace AS n ON n.nspname = e.schema
    ORDER BY e.oid, e.place
),

-- The schema that each one's fate hangs on: where its path begins, or where it would without one.
flawed AS (
    SELECT
        d.oid,
        string_agg(c.who, ', ' ORDER BY c.who) AS who,
        coalesce(bool_or(c.grantee = 0), FALSE) AS by_everybody
    FROM definers AS d
    LEFT JOIN begins AS b ON b.oid = d.oid
    LEFT JOIN creators AS c
        ON c.schema = CASE WHEN d.path IS NULL THEN d.schema ELSE b.schema END AND c.grantee <> d.owner
        AND CASE WHEN c.grantee = 0 THEN TRUE ELSE NOT pg_has_role(c.grantee, d.owner, 'MEMBER') END
    GROUP BY d.oid, d.path
    HAVING d.path IS NULL OR count(c.who) > 0
)

SELECT
    d.object,
    format('%I', r.rolname) AS owner_name,
    CASE WHEN r.rolsuper THEN ', a superuser' ELSE '' END AS superuser,
    CASE WHEN d.is_open THEN 'everybody' ELSE 'only some roles' END AS callers,
    CASE
        WHEN d.path IS NULL THEN 'it fixes no search_path'
        ELSE
            format(
                'its search_path (%s) begins with %I, where %s may create objects', d.path, b.schema,
                CASE WHEN f.by_everybody THEN 'everybody' ELSE f.who END
            )
    END AS flaw,
    CASE
        WHEN f.who IS NOT NULL
            THEN
                format(
                    'REVOKE CREATE ON SCHEMA %I FROM %s and see what was made there%s', coalesce(b.schema, d.schema),
                    CASE WHEN f.by_everybody THEN 'PUBLIC' ELSE f.who END,
                    CASE
                        WHEN d.path IS NULL
                            THEN '; then fix the path: pg_catalog, the schemas that the function needs, pg_temp last.'
                        ELSE ', or let its path begin with a schema where only its owner may create.'
                    END
                )
    END AS hint,
    CASE
        WHEN f.who IS NULL
            THEN format('ALTER %s %s SET search_path = pg_catalog, %I, pg_temp;', d.kind, d.object, d.schema)
    END AS fix_sql,
    CASE WHEN r.rolsuper AND d.is_open AND d.path IS NULL THEN 'critical' ELSE 'warning' END AS severity,
    CASE WHEN d.path IS NULL THEN 4 ELSE 0 END + CASE WHEN r.rolsuper THEN 2 ELSE 0 END
    + CASE WHEN d.is_open THEN 1 ELSE 0 END AS weight
FROM flawed AS f
INNER JOIN definers AS d ON d.oid = f.oid
INNER JOIN pg_roles AS r ON r.oid = d.owner
LEFT JOIN begins AS b ON b.oid = d.oid
