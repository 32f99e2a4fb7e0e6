-- What decides whether this session may signal that one, as PostgreSQL judges it: a superuser's session and PostgreSQL's
-- own processes only a superuser, other roles' sessions who is a member of theirs or of pg_signal_backend.
SELECT
    current_user AS own_role,
    me.rolsuper AS am_superuser,
    coalesce(r.rolsuper, true) AS needs_superuser,
    me.rolsuper
    OR (
        NOT coalesce(r.rolsuper, true)
        AND (pg_has_role(current_user, a.usesysid, 'USAGE') OR pg_has_role(current_user, 'pg_signal_backend', 'USAGE'))
    ) AS may_signal
FROM pg_stat_activity AS a
INNER JOIN pg_roles AS me ON me.rolname = current_user
LEFT JOIN pg_roles AS r ON r.oid = a.usesysid
WHERE a.pid = %(pid)s
