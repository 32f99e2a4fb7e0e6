SELECT 1
SELECT 1;
select * from orders where id = 5 ;
(SELECT 1)
((SELECT 1) UNION ALL (SELECT 2)) ORDER BY 1
VALUES (1, 'a'), (2, 'b')
TABLE customer
WITH x AS (SELECT * FROM orders LIMIT 5) SELECT * FROM x JOIN customer c ON c.id = x.customer_id
WITH x AS MATERIALIZED (SELECT * FROM orders) SELECT count(*) FROM x a, x b WHERE a.id = b.id
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n) FROM t
WITH gone AS (DELETE FROM orders WHERE id = $1 RETURNING *) SELECT * FROM gone
INSERT INTO ruled VALUES (1)
INSERT INTO customer (name, email) VALUES ($1, $2) ON CONFLICT (email) DO UPDATE SET name = excluded.name RETURNING id
INSERT INTO orders SELECT * FROM orders WHERE id = $1
UPDATE orders SET amount = amount * $1, note = $2 WHERE id = $3
UPDATE customer c SET active = false FROM orders o WHERE o.customer_id = c.id AND o.at < now() - $1::interval
DELETE FROM orders WHERE customer_id IN (SELECT id FROM customer WHERE NOT active)
DELETE FROM ruled
MERGE INTO customer c USING orders o ON c.id = o.customer_id WHEN MATCHED AND o.amount > $1 THEN UPDATE SET name = $2 WHEN NOT MATCHED THEN DO NOTHING
DECLARE c CURSOR FOR SELECT * FROM orders ORDER BY at
DECLARE "c u r" SCROLL CURSOR WITH HOLD FOR SELECT * FROM orders WHERE customer_id = $1 ORDER BY at
CREATE TABLE copy AS SELECT * FROM orders
CREATE TEMP TABLE IF NOT EXISTS "co py" (a, b) WITH (fillfactor = 70) ON COMMIT DROP AS SELECT id, $1 FROM orders WITH NO DATA
CREATE MATERIALIZED VIEW mv AS SELECT count(*) FROM orders WITH DATA
CREATE VIEW v AS SELECT * FROM orders
SELECT id INTO TEMP TABLE other.made FROM orders WHERE id < 5
SELECT id, note INTO made FROM orders WHERE customer_id = $1
COPY (SELECT * FROM orders WHERE id = $1) TO STDOUT
EXPLAIN SELECT * FROM orders
EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM orders WHERE id = $1
explain analyze verbose DELETE FROM orders
PREPARE p AS SELECT * FROM orders WHERE id = $1
PREPARE p (integer, numeric(10, 2), unknown) AS SELECT $1 + $2, $3
/* leading */ SELECT -- comment
SELECT 'a;b', $$ ; $$, E'\';' FROM orders
SELECT * FROM orders WHERE id = $1
SELECT * FROM orders WHERE note LIKE $1 || '%' AND amount % 2 = 0
SELECT $1
SELECT $1, $2, $3
SELECT $3
SELECT $2 + id FROM orders WHERE id = $5
SELECT $1 + $2
SELECT $1 * $2 + $3
SELECT - $1
SELECT abs($1)
SELECT $1 IS NULL
SELECT $1 IS NOT DISTINCT FROM $2
SELECT pg_typeof($1)
SELECT json_build_object($1, $2, $3, $4)
SELECT format($1, $2, $3)
SELECT concat($1, $2)
SELECT to_char($1, $2)
SELECT unnest($1)
SELECT array_length($1, $2)
SELECT count(*) FROM generate_series($1, $2)
SELECT count(*) FROM generate_series($1, $2, $3) g WHERE g % $4 = $5
SELECT g::date FROM generate_series($1, $2, interval $3) g
SELECT sum(x) FROM (VALUES ($1), ($2)) v (x)
SELECT sum(x) FROM (SELECT $1 AS x UNION ALL SELECT $2) v
SELECT CASE WHEN id = $1 THEN $2 ELSE $3 END + $4 FROM orders
SELECT greatest($1, $2) + $3
SELECT coalesce($1, $2) || $3
SELECT nullif(amount, $1) / $2 FROM orders
SELECT round(amount / $1, $2) FROM orders
SELECT round($1, $2)
SELECT substring(note from $1 for $2), left(note, $3), position($4 in note), trim(leading $5 from note) FROM orders
SELECT overlay(note placing $1 from $2 for $3) FROM orders
SELECT * FROM orders WHERE at > now() - interval $1
SELECT * FROM orders WHERE at > now() - $1
SELECT * FROM orders WHERE at > $1 - $2
SELECT * FROM customer WHERE born > current_date - $1
SELECT * FROM customer WHERE born = date $1 OR born BETWEEN $2 AND $3
SELECT * FROM orders WHERE at BETWEEN timestamp $1 AND timestamp with time zone $2
SELECT timestamp(3) without time zone $1, timestamptz $2, time $3, time(2) with time zone $4, timetz $5
SELECT interval(3) $1, interval $2 day, interval $3 day to second, interval $4 second(2), interval $5 year to month
SELECT numeric(5, 2) $1, double precision $2, bit(3) $3, bit varying $4, varchar(10) $5, character varying $6, national character(3) $7
SELECT pg_catalog.int4 $1, mood $2, "char" $3, json $4, jsonb $5, point $6, public.mood $7, "Odd Type" $8, text $9
SELECT $1::interval day, CAST($2 AS numeric(5, 1)), $3::mood, $4::"Odd Type", $5::positive
SELECT at AT TIME ZONE $1 FROM orders
SELECT $1 AT TIME ZONE $2
SELECT extract($1 from at), extract(epoch from at - $2) FROM orders
SELECT date_part($1, at), date_trunc($2, at, $3) FROM orders
SELECT date_trunc($1, at), count(*) FROM orders GROUP BY date_trunc('day', at)
SELECT date_trunc($1, at) AS day, count(*) FROM orders GROUP BY date_trunc('day', at) HAVING date_trunc($2, at) > $3 ORDER BY date_trunc('day', at) DESC LIMIT $4
SELECT extract($1 from at) FROM orders GROUP BY extract(hour from at)
SELECT date_trunc($1, at - interval $2) FROM orders GROUP BY date_trunc('day', at - interval '3 hours')
SELECT coalesce(note, $1) || $2, id % $3 FROM orders GROUP BY coalesce(note, '') || 'x', id % 7
SELECT DISTINCT lower(note) || $1 FROM orders ORDER BY lower(note) || 'x'
SELECT DISTINCT ON (id % 10) id FROM orders ORDER BY id % 10, at
SELECT $1 UESCAPE '!' || note FROM orders
SELECT * FROM orders WHERE id IN ($1 /*, ... */)
SELECT * FROM orders WHERE id IN ($1, $2, $3) AND note = ANY ($4) AND (id, code) = ($5, $6)
SELECT * FROM orders WHERE id = ANY (ARRAY[$1 /*, ... */])
SELECT * FROM orders WHERE (id, code) IN (($1, $2), ($3, $4))
SELECT * FROM orders ORDER BY at LIMIT $1 OFFSET $2
SELECT * FROM orders ORDER BY at OFFSET $1 ROWS FETCH FIRST $2 ROWS ONLY
SELECT * FROM orders TABLESAMPLE BERNOULLI ($1) REPEATABLE ($2)
SELECT rank() OVER w, lag(amount, $1, $2) OVER w, ntile($3) OVER w FROM orders WINDOW w AS (PARTITION BY customer_id ORDER BY at ROWS $4 PRECEDING)
SELECT sum(amount) FILTER (WHERE note LIKE $1 ESCAPE $2), percentile_cont($3) WITHIN GROUP (ORDER BY amount), string_agg(note, $4 ORDER BY id) FROM orders
SELECT extra -> $1 ->> $2, extra @> $3, extra ? $4, extra #>> $5, extra @? $6 FROM customer
SELECT * FROM orders WHERE words @@ to_tsquery($1, $2) AND during && tstzrange($3, $4)
SELECT tags || $1, tags[$2], $3 = ANY (tags), $4 <@ tags, ARRAY[$5, $6] FROM customer
SELECT * FROM customer WHERE address << $1 AND mood = $2 AND active = $3 AND $4
SELECT name $1, id + $2 * ($3 - $4) FROM customer
SELECT * FROM orders WHERE at < now() - $1 AND at > now() - $2 AND at <> now() - $3 AND id % $4 = $5 AND at > now() - $6
SELECT * FROM reading WHERE at >= $1 AND at < $2
SELECT device, avg(value) FROM reading WHERE at > now() - $1 GROUP BY device HAVING avg(value) > $2
SELECT * FROM orders o, LATERAL (SELECT * FROM customer c WHERE c.id = o.customer_id LIMIT $1) x
SELECT * FROM orders WHERE EXISTS (SELECT FROM customer WHERE id = customer_id AND name = $1) FOR UPDATE SKIP LOCKED
SELECT (SELECT max(amount) FROM orders o WHERE o.customer_id = c.id), twice($1) FROM customer c
SELECT id, count(*) FROM orders GROUP BY GROUPING SETS ((id), ()) HAVING count(*) > $1
SELECT customer_id, code, count(*) FROM orders GROUP BY ROLLUP (customer_id, code)
SELECT "Col.Umn" FROM "Odd.Schema"."Odd ""Table"" ü" WHERE "select" = $1
SELECT ROW($1, $2) = ROW(id, note) FROM orders
SELECT set_config($1, $2, $3), pg_notify($4, $5), nextval($6)
SELECT pg_advisory_lock($1)
SELECT changing($1)
SELECT * FROM big_orders b JOIN per_customer p USING (customer_id) WHERE p.n > $1
SELECT * FROM pg_stat_activity WHERE pid <> $1 AND state = $2
SELECT id OPERATOR(pg_catalog.+) $1 FROM orders
SELECT name $1 FROM customer
SELECT a.id FROM orders a JOIN orders b USING (id) INTERSECT SELECT $1 EXCEPT SELECT $2
SELECT $1 = $2 AND $3 < $4 OR NOT $5
SELECT CURRENT_TIMESTAMP - at > $1, at + $2 * $3 FROM orders
SELECT mode() WITHIN GROUP (ORDER BY code) FROM orders WHERE bits = $1 AND uid = $2
WITH o AS (SELECT id, $1 AS is_late FROM orders UNION ALL SELECT id, $2 FROM orders) SELECT o.id FROM o WHERE NOT o.is_late AND id > $3
SELECT f.id FROM (SELECT o.id, o.late AS is_late FROM (SELECT id, $1 AS late FROM orders) AS o) AS f WHERE NOT f.is_late
SELECT id, amount FROM orders WHERE amount >= CASE WHEN note IN ($1, $2) THEN $3 ELSE $4 END
SELECT CASE WHEN amount > $1 THEN $2 ELSE $3 END + CASE WHEN note IS NULL THEN $4 ELSE $5 END AS weight FROM orders
SELECT ceil(amount * $1) * $2 + $3 + CASE WHEN note = $4 THEN $5 ELSE $6 END AS size FROM orders
SELECT v.major, to_char(v.last, $1) FROM (VALUES ($2, $3::date), ($4, $5::date)) AS v (major, last) WHERE v.major = current_setting($6)::int / $7
WITH v (part, share) AS (VALUES ($1, $2), ($3, $4)) SELECT o.id FROM orders AS o INNER JOIN v ON o.amount > v.share * $5
SELECT x.kind, bool_or(x.is_open) FROM (SELECT note AS kind, coalesce($1, $2) AS is_open FROM orders) AS x GROUP BY x.kind
SELECT CASE WHEN id = $1 THEN $2 END FROM orders UNION ALL SELECT at FROM orders UNION ALL SELECT CASE WHEN id = $3 THEN $4 END FROM orders
SELECT date_trunc($1, at - ($2::interval)) FROM orders GROUP BY date_trunc('day', at - interval '3 hours')
SELECT date_trunc($1, at - $2::interval) FROM orders GROUP BY date_trunc('day', at - interval '3 hours')
current_setting($1)::int >= $2
CASE $1 WHEN $2 THEN $3 ELSE $4 END
total := coalesce($1 + (SELECT sum(o.amount) FROM orders AS o WHERE o.id > $2), $3)
count(*) FROM orders WHERE note = $1
$1
