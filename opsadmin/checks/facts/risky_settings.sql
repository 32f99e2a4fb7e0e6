-- Values of settings that harm: `kind` is what they do (lose data, hide trouble, weaken protection), `better` what to set
-- instead, `harm` what follows, as a sentence's end.
SELECT
    v.name,
    v.bad,
    v.better,
    v.kind,
    v.severity,
    v.harm
FROM (
    VALUES
    (
        'fsync', 'off', 'on', 'loses', 'critical',
        'a crash of the machine can leave the whole cluster damaged beyond repair'
    ),
    ('full_page_writes', 'off', 'on', 'loses', 'critical', 'a page that is half written at a crash stays torn'),
    (
        'synchronous_commit', 'off', 'on', 'loses', 'warning',
        'a crash takes the last transactions that were already acknowledged'
    ),
    (
        'zero_damaged_pages', 'on', 'off', 'loses', 'critical',
        'a damaged page is emptied as it is read, and its rows are gone'
    ),
    (
        'ignore_checksum_failure', 'on', 'off', 'loses', 'critical',
        'damaged pages are read as if they were sound, and the damage spreads'
    ),
    (
        'ignore_invalid_pages', 'on', 'off', 'loses', 'critical',
        'recovery goes on past pages that it should have found, and loses them'
    ),
    (
        'ignore_system_indexes', 'on', 'off', 'loses', 'warning',
        'damage of the system indexes goes unseen, and every session is slow'
    ),
    (
        'data_sync_retry', 'on', 'off', 'loses', 'critical',
        'a write that the disk refused may be taken for done at the second try'
    ),
    (
        'allow_system_table_mods', 'on', 'off', 'loses', 'warning',
        'one wrong statement can break the system catalog for good'
    ),
    (
        'track_activities', 'off', 'on', 'hides', 'warning',
        'nobody sees what a session does, nor how long it has waited'
    ),
    (
        'track_counts', 'off', 'on', 'hides', 'critical',
        'autovacuum and every report are blind to what changes'
    ),
    ('log_min_messages', 'log', 'warning', 'hides', 'warning', 'errors do not reach the log'),
    ('log_min_messages', 'fatal', 'warning', 'hides', 'warning', 'errors do not reach the log'),
    ('log_min_messages', 'panic', 'warning', 'hides', 'warning', 'errors do not reach the log'),
    ('log_min_error_statement', 'log', 'error', 'hides', 'warning', 'the log names no statement that failed'),
    ('log_min_error_statement', 'fatal', 'error', 'hides', 'warning', 'the log names no statement that failed'),
    ('log_min_error_statement', 'panic', 'error', 'hides', 'warning', 'the log names no statement that failed'),
    ('log_destination', '', 'stderr', 'hides', 'warning', 'the log is written nowhere'),
    (
        'password_encryption', 'md5', 'scram-sha-256', 'weakens', 'warning',
        'new passwords are kept as MD5, which a stolen copy gives away and later versions refuse'
    ),
    (
        'standard_conforming_strings', 'off', 'on', 'weakens', 'warning',
        'a backslash in a text ends up as an escape, which lets SQL be injected past drivers that quote by the standard'
    ),
    (
        'ssl_min_protocol_version', 'TLSv1', 'TLSv1.2', 'weakens', 'warning',
        'a connection may be talked down to an encryption that is broken'
    ),
    (
        'ssl_min_protocol_version', 'TLSv1.1', 'TLSv1.2', 'weakens', 'warning',
        'a connection may be talked down to an encryption that is broken'
    ),
    (
        'lo_compat_privileges', 'on', 'off', 'weakens', 'warning',
        'everybody may read and change every large object'
    )
) AS v (name, bad, better, kind, severity, harm)
