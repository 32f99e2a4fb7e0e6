-- title: View that shows rows past row level security
-- severity: warning
-- says: {readers} may use the view {object}, which shows {tables} with the rights of {owner_name}, for whom the row
--    security policies there do not hold.
-- why: Whoever may use the view sees all rows, as if the tables had no policies.
-- hint: {advice}
-- lock: ACCESS EXCLUSIVE on {object}, for a moment
-- source: PostgreSQL documentation, CREATE VIEW, security_invoker; 5.9 Row Security Policies
-- examined: {guarded} tables with row level security
WITH uses AS (
    SELECT DISTINCT
        w.ev_class AS view_oid,
        d.refobjid AS table_oid
    FROM pg_depend AS d
    INNER JOIN pg_rewrite AS w ON w.oid = d.objid
    WHERE d.classid = 2618 AND d.refclassid = 1259
        AND d.refobjid = ANY (ARRAY(SELECT g.oid FROM guarded AS g))
),

shown AS (
    SELECT
        v.oid,
        v.object,
        v.owner,
        format('%I', o.rolname) AS owner_name,
        string_agg(g.object, ', ' ORDER BY g.object) AS tables
    FROM uses AS u
    INNER JOIN relations AS v ON v.oid = u.view_oid
    INNER JOIN guarded AS g ON g.oid = u.table_oid
    INNER JOIN pg_roles AS o ON o.oid = v.owner
    WHERE v.kind = 'v' AND coalesce(array_to_string(v.options, ' '), '') !~* '\msecurity_invoker=(t|on|y|1)'
        AND (o.rolsuper OR o.rolbypassrls OR (NOT g.is_forced AND pg_has_role(v.owner, g.owner, 'USAGE')))
    GROUP BY v.oid, v.object, v.owner, o.rolname
)

SELECT
    s.object,
    s.owner_name,
    s.tables,
    CASE WHEN bool_or(a.grantee = 0) THEN 'Everybody' ELSE string_agg(DISTINCT quote_ident(r.rolname), ', ') END AS readers,
    CASE
        WHEN current_setting('server_version_num')::int >= 150000
            THEN 'Have it read with the rights of who asks: those roles need their grants on the tables then.'
        ELSE
            'Give it to an owner whom the policies hold: no superuser, no BYPASSRLS, not the tables'' owner. '
            || 'From PostgreSQL 15 on a view can have security_invoker.'
    END AS advice,
    CASE
        WHEN current_setting('server_version_num')::int >= 150000
            THEN format('ALTER VIEW %s SET (security_invoker = true);', s.object)
    END AS fix_sql,
    CASE WHEN bool_or(a.grantee = 0) THEN 1 ELSE 0 END AS weight
FROM shown AS s
INNER JOIN relations AS v ON v.oid = s.oid
CROSS JOIN LATERAL aclexplode(v.acl) AS a
LEFT JOIN pg_roles AS r ON r.oid = a.grantee
WHERE a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE') AND a.grantee <> s.owner
    AND r.rolsuper IS NOT TRUE AND r.rolbypassrls IS NOT TRUE
GROUP BY s.oid, s.object, s.owner_name, s.tables
