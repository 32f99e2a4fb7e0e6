-- Tables of every shape that a statement may name: to read statements, and to be advised on.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE SCHEMA extra;
DROP EXTENSION IF EXISTS hypopg;
CREATE EXTENSION hypopg SCHEMA extra;
CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA extra;
SELECT setseed(0.5);
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN short_name AS varchar(40);
CREATE DOMAIN positive AS int CHECK (value >= 0);
CREATE TYPE pair AS (x int, y int);
CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = FALSE);

CREATE TABLE customers AS
SELECT
    i AS id,
    'Customer ' || i AS name,
    'user' || i || '@example.com' AS email,
    ('User' || i || '@Example.COM')::citext AS login,
    md5(i::text)::uuid AS token,
    (ARRAY['sad', 'ok', 'happy'])[1 + i % 3]::mood AS mood,
    i % 200 = 0 AS vip,
    CASE WHEN i % 40 = 0 THEN timestamptz '2026-01-01' + i * interval '1 min' END AS deleted_at,
    ('10.' || i % 200 || '.' || i / 200 % 200 || '.' || i % 250)::inet AS ip,
    ('10.' || i % 200 || '.0.0/16')::cidr AS net,
    ('n' || i % 500)::short_name AS short,
    (i % 700)::positive AS points,
    (i % 256)::bit(8) AS bits,
    int4range(i, i + 10) AS span,
    ROW(i % 90, i)::pair AS pair,
    ('k' || i % 800) COLLATE folded AS folded,
    ('c' || i) COLLATE "C" AS code,
    ('p' || i % 900)::char(10) AS padded
FROM generate_series(1, 20000) AS i;
ALTER TABLE customers ALTER id SET NOT NULL, ADD PRIMARY KEY (id);
ALTER TABLE customers ADD COLUMN dropped int;
ALTER TABLE customers DROP COLUMN dropped;
ALTER TABLE customers ADD COLUMN doubled int GENERATED ALWAYS AS (points * 2) STORED;

CREATE TABLE orders AS
SELECT
    i AS id,
    1 + (random() * 19999)::int AS customer_id,
    CASE WHEN i % 40 = 7 THEN 'new' WHEN i % 9 = 0 THEN 'paid' WHEN i % 7 = 0 THEN 'sent' ELSE 'done' END AS status,
    timestamptz '2026-01-01' + i * interval '30 s' AS placed,
    timestamp '2026-01-01' + i * interval '30 s' AS local_placed,
    date '2024-01-01' + (random() * 900)::int AS due,
    (random() * 1000)::numeric(8, 2) AS total,
    i % 300 = 0 AS urgent,
    CASE WHEN i % 100 = 0 THEN 'it''s a "quoted" \ note' END AS remark,
    repeat('x', 40) AS filler
FROM generate_series(1, 60000) AS i;
ALTER TABLE orders ADD PRIMARY KEY (id), ALTER customer_id SET NOT NULL;

CREATE TABLE items AS
SELECT i AS id, 1 + i / 3 AS order_id, (random() * 3000)::int AS product_id, 1 + i % 5 AS quantity, (i % 97)::smallint AS shelf
FROM generate_series(1, 90000) AS i;

CREATE TABLE papers AS
SELECT
    i AS id,
    'Title of ' || md5(i::text) AS title,
    (SELECT string_agg('w' || (power(random(), 2) * 20000)::int, ' ') FROM generate_series(1, 10 + i % 5)) AS body,
    jsonb_build_object('user', (random() * 8000)::int, 'kind', (ARRAY['a', 'b'])[1 + i % 2], 'ref', md5(i::text)) AS doc,
    array(SELECT (random() * 3000)::int FROM generate_series(1, 3 + i % 3)) AS tags,
    array(SELECT 't' || (random() * 3000)::int FROM generate_series(1, 2 + i % 3)) AS labels,
    point(random() * 100, random() * 100) AS place,
    tstzrange(timestamptz '2026-01-01' + i * interval '20 s', timestamptz '2026-01-01' + (i + 10) * interval '20 s') AS during
FROM generate_series(1, 20000) AS i;
ALTER TABLE papers ADD COLUMN words tsvector;
UPDATE papers SET words = to_tsvector('simple', body);

CREATE SCHEMA "Odd ""Sch.ma";
CREATE TABLE "Odd ""Sch.ma"."Sélect Ünï.code ""x""" AS
SELECT i AS "id ""1""", i % 900 AS "select", 'ü' || i % 700 AS "Größe.x y", 'O''Brien \ ' || i % 12 AS "it's", i % 1000 AS "CamelCase"
FROM generate_series(1, 20000) AS i;

CREATE TABLE events (id bigint, at timestamptz NOT NULL, device int, kind text, body text) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
INSERT INTO events
SELECT i, timestamptz '2026-01-01' + i * interval '100 s', i * 7 % 999, 'k' || i % 20, repeat('y', 60)
FROM generate_series(1, 45000) AS i;

CREATE TABLE parents AS SELECT i AS id, i % 800 AS grp, repeat('z', 60) AS filler FROM generate_series(1, 9000) AS i;
CREATE TABLE children () INHERITS (parents);
INSERT INTO children SELECT i AS id, i % 800, repeat('z', 60) FROM generate_series(9001, 30000) AS i;

CREATE MATERIALIZED VIEW totals AS SELECT customer_id, count(*) AS orders, sum(total) AS total, repeat('m', 50) AS pad FROM orders GROUP BY 1;
CREATE VIEW open_orders AS SELECT * FROM orders WHERE status <> 'done';
CREATE VIEW open_named AS SELECT o.*, c.name, c.email FROM open_orders AS o JOIN customers AS c ON c.id = o.customer_id;
CREATE VIEW everything AS SELECT id, customer_id AS ref, 'order' AS what FROM orders UNION ALL SELECT id, product_id, 'item' FROM items;
CREATE VIEW with_union AS SELECT id, ref FROM everything WHERE what = 'order' UNION SELECT id, points FROM customers;

CREATE TABLE secured AS SELECT i AS id, i % 600 AS tenant, repeat('s', 60) AS filler FROM generate_series(1, 20000) AS i;
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secured USING (tenant = current_setting('app.tenant', TRUE)::int);

CREATE TABLE unknown_table AS SELECT i AS id, i % 500 AS a, repeat('u', 80) AS b FROM generate_series(1, 5000) AS i;
CREATE TABLE empty_table (id int, a int, b text);
CREATE TABLE measurements AS
SELECT i AS id, timestamptz '2026-01-01' + i * interval '10 s' AS at, i % 40 AS device, random() AS value, repeat('m', 60) AS raw
FROM generate_series(1, 120000) AS i;
DO $$ BEGIN EXECUTE 'CREATE TABLE wide (' || (SELECT string_agg('c' || i || ' int', ', ') FROM generate_series(1, 1600) AS i) || ')'; END $$;
INSERT INTO wide (c1, c2, c1600) SELECT i, i % 500, i % 700 FROM generate_series(1, 6000) AS i;
CREATE FUNCTION immutable_of(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE FUNCTION extra.of_elsewhere(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 % 100; END';
CREATE FUNCTION extra.same(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
CREATE OPERATOR extra.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = extra.same);
