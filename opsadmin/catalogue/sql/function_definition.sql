-- A function's definition. Where the body is kept parsed (BEGIN ATOMIC), this waits for whoever holds what it reads.
SELECT pg_get_functiondef(f.oid) AS definition
FROM pg_proc AS f
WHERE f.oid = %(oid)s AND f.prokind <> 'a'
