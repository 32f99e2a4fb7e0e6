-- Rows of many shapes, the same every time, to build real indexes on.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
SELECT setseed(0.5);
CREATE TABLE measured AS
SELECT
    i AS id,
    (i * 7919::bigint % 200003) AS big,
    (random() * 20000)::int AS twenty,
    (random() * 100)::int AS hundred,
    (random() ^ 4 * 1000)::int AS skewed,
    i % 2 = 0 AS flag,
    i % 50 = 0 AS rare,
    timestamptz '2026-01-01' + i * interval '30 s' AS at,
    date '2020-01-01' + (random() * 2500)::int AS day,
    (random() * 100)::numeric(6, 2) AS price,
    (ARRAY['open', 'closed', 'pending', 'a much longer status'])[1 + (random() ^ 2 * 3.99)::int] AS status,
    CASE WHEN random() < .8 THEN NULL ELSE (random() * 5000)::int END AS maybe,
    CASE WHEN random() < .5 THEN NULL ELSE 'note ' || (random() * 500000)::int END AS comment,
    md5(i::text)::uuid AS token,
    'user.' || (random() * 1e6)::int || '@example.com' AS "e-mail ""of"" ünit",
    repeat(md5((i % 3000)::text), 3) AS wide,
    random() AS ratio,
    (i % 7)::smallint AS small,
    'home/' || (random() * 4000)::int || '/' || (ARRAY['hall', 'kitchen', 'bath'])[1 + (random() * 2.99)::int] AS topic,
    (i / 10)::int AS parent,
    NULL::text AS nothing
FROM generate_series(1, 60000) AS i;
CREATE TABLE papers AS
SELECT
    i AS id,
    array(SELECT (random() * power(random(), 3) * 2000)::int FROM generate_series(1, 1 + (i % 5))) AS tags,
    jsonb_build_object(
        'user', (random() * 20000)::int,
        'kind', (ARRAY['a', 'b', 'c'])[1 + i % 3],
        'tags', jsonb_build_array('t' || (random() * 50)::int, 't' || (random() * 50)::int),
        'ref', md5(i::text),
        'nested', jsonb_build_object('x', i % 10, 'y', NULL)
    ) AS doc,
    to_tsvector(
        'simple',
        (SELECT string_agg('w' || (power(random(), 4) * 20000)::int, ' ') FROM generate_series(1, 8 + i % 5))
    ) AS words,
    'home/' || (random() * 4000)::int || '/' || (ARRAY['hall', 'kitchen', 'bath'])[1 + i % 3] AS "the topic",
    CASE WHEN random() < .8 THEN NULL ELSE 'Filter clogged for ' || (random() * 500)::int || ' hours in ' || md5((i % 100)::text) END
        AS message,
    timestamptz '2026-01-01' + i * interval '20 s' AS at,
    point(random() * 100, random() * 100) AS place,
    tstzrange(
        timestamptz '2026-01-01' + i * interval '20 s',
        timestamptz '2026-01-01' + (i + 10) * interval '20 s'
    ) AS span,
    ('10.' || i % 200 || '.' || i / 200 % 200 || '.' || i % 250)::inet AS ip
FROM generate_series(1, 20000) AS i;
-- So that ANALYZE looks at every row, and finds the same each time.
SET default_statistics_target = 250;
ANALYZE;
