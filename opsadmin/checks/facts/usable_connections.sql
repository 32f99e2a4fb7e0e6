-- How many connections there are for those who are no superusers (one row).
SELECT
    max(s.setting::int8) FILTER (WHERE s.name = 'max_connections') AS all_of_them,
    max(s.setting::int8) FILTER (WHERE s.name = 'max_connections')
    - sum(s.setting::int8) FILTER (WHERE s.name <> 'max_connections') AS usable
FROM settings AS s
WHERE s.name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')
