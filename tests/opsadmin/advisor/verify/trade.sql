-- `pairs`: columns that go together, of which the planner thinks that they do not; each page has every value.
CREATE TABLE pairs AS
SELECT i AS id, i % 2 AS a, i % 2 AS b, i % 2 AS c, i % 2 AS d, i % 2 AS e, repeat('x', 20) AS filler FROM generate_series(1, 60000) AS i;

CREATE TABLE orders AS
SELECT
    i AS id,
    (i * 7919) % 5000 AS customer_id,
    timestamptz '2026-01-01' + i * interval '1 min' AS placed,
    jsonb_build_object('ref', 'r' || i, 'tags', jsonb_build_array('t' || i % 7)) AS doc,
    repeat('x', 100) AS filler
FROM generate_series(1, 24000) AS i;
ALTER TABLE orders ADD PRIMARY KEY (id), ALTER customer_id SET NOT NULL, ALTER filler SET STORAGE EXTERNAL;
CREATE STATISTICS orders_together (dependencies) ON customer_id, placed FROM orders;

CREATE TABLE customers AS SELECT i AS id, 'name ' || i AS name FROM generate_series(0, 4999) AS i;

CREATE SCHEMA "Odd ""Sch.ma";
CREATE TABLE "Odd ""Sch.ma"."Sélect Ünï.code ""x""" AS
SELECT i AS id, (i * 31) % 9000 AS "Gröup key", 'x' || i AS "order" FROM generate_series(1, 30000) AS i;

CREATE VIEW recent AS SELECT * FROM orders WHERE placed > '2026-01-10';
CREATE TABLE secured AS SELECT i AS id, (i * 7919) % 5000 AS owner_id, repeat('x', 50) AS filler FROM generate_series(1, 20000) AS i;
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE TABLE parted (id int, key int, filler text) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (20000);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (20000) TO (40000);
INSERT INTO parted SELECT i, (i * 7919) % 5000, repeat('x', 50) FROM generate_series(1, 39999) AS i;
CREATE TABLE hidden AS SELECT i AS id, (i * 7919) % 5000 AS key, repeat('x', 50) AS filler FROM generate_series(1, 20000) AS i;
-- Long values that cannot be compressed, in a column that looks short on average.
CREATE TABLE papers AS
SELECT
    i AS id,
    CASE WHEN i % 500 = 0 THEN (SELECT string_agg(md5((i * 1000 + n)::text), '') FROM generate_series(1, 200) AS n) ELSE md5(i::text) END AS body
FROM generate_series(1, 20000) AS i;
