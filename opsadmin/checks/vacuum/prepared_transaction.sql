-- title: Prepared transaction left behind
-- severity: warning
-- threshold: old_seconds = 10 s; since PREPARE TRANSACTION (our choice, between the 1 s at which check_postgres warns and its critical 30 s; two-phase commit takes milliseconds)
-- threshold: critical_seconds = 1 h; since PREPARE TRANSACTION (our choice)
-- says: {object} of {owner} in the database {database} was prepared {seconds} ago and never ended; {age} transactions began since{waiting}.
-- why: It keeps its locks through every restart, and no VACUUM may remove what was deleted since it began.
-- hint: Ask the transaction manager what became of it: COMMIT PREPARED if the others committed, else roll it back.
-- fix: ROLLBACK PREPARED {gid};
-- source: PostgreSQL documentation, PREPARE TRANSACTION
-- examined: {prepared} prepared transactions
SELECT
    p.gid AS object,
    quote_literal(p.gid) AS gid,
    p.owner,
    p.database,
    p.seconds,
    p.age,
    CASE WHEN p.is_here AND d.rows > 0 THEN format('; of the %s dead rows here, those deleted since must stay', ltrim(to_char(d.rows, '999 999 999 999 990'))) ELSE '' END AS waiting,
    -- It can be ended only where it was prepared.
    CASE WHEN NOT p.is_here THEN '' END AS fix_sql,
    CASE
        WHEN NOT p.is_here
            THEN format(
                'Ask the transaction manager what became of it, and connect to the database %s: there, '
                || 'COMMIT PREPARED %L if the others committed, else ROLLBACK PREPARED %L.',
                p.database, p.gid, p.gid
            )
    END AS hint,
    CASE WHEN p.seconds >= :critical_seconds THEN 'critical' END AS severity,
    p.seconds AS weight
FROM prepared AS p
CROSS JOIN dead_total AS d
WHERE p.seconds >= :old_seconds
