-- The columns of an answer: their types, and where they come straight from a table, how they are called there.
SELECT
    format_type(c.type, nullif(c.modifier, -1)) AS type,
    a.attname::text AS name
FROM unnest(%(types)s::oid [], %(modifiers)s::int [], %(tables)s::oid [], %(numbers)s::int []) WITH ORDINALITY
    AS c (type, modifier, relation, number, place)
LEFT JOIN pg_attribute AS a ON a.attrelid = c.relation AND a.attnum = c.number AND c.relation <> 0
ORDER BY c.place
