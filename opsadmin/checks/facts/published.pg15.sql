-- Tables that a publication names, by themselves, by their schema, or all of them; of a partitioned one the parent alone.
-- `of_changes`: updates or deletes are published, not inserts alone.
SELECT
    p.pubname AS publication,
    p.pubupdate OR p.pubdelete AS of_changes,
    r.prrelid AS oid
FROM pg_publication AS p
INNER JOIN pg_publication_rel AS r ON r.prpubid = p.oid
UNION ALL
SELECT
    p.pubname,
    p.pubupdate OR p.pubdelete,
    c.oid
FROM pg_publication AS p
LEFT JOIN pg_publication_namespace AS n ON n.pnpubid = p.oid
INNER JOIN pg_class AS c
    ON c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND c.oid >= 16384
        AND (p.puballtables OR c.relnamespace = n.pnnspid)
WHERE p.puballtables OR n.pnpubid IS NOT NULL
