CREATE SCHEMA other;
CREATE SCHEMA "Odd.Schema";
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE "Odd Type" AS (a integer, b text);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE customer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email text UNIQUE,
    mood mood,
    born date,
    active boolean NOT NULL DEFAULT true,
    address inet,
    tags text [],
    extra jsonb NOT NULL DEFAULT '{}'
);
INSERT INTO customer (name, email, mood, born, tags, extra)
SELECT 'name ' || i, i || '@example.org', 'ok', '1970-01-01'::date + i % 9000, ARRAY['a', 'b'], jsonb_build_object('n', i)
FROM generate_series(1, 2000) AS i;
CREATE TABLE orders (
    id integer PRIMARY KEY,
    customer_id bigint REFERENCES customer,
    at timestamptz NOT NULL,
    amount numeric(10, 2) NOT NULL,
    during tstzrange,
    note text,
    code varchar(10),
    bits bit(3),
    words tsvector,
    uid uuid
);
INSERT INTO orders (id, customer_id, at, amount, note, code)
SELECT i, i % 2000 + 1, '2024-01-01'::timestamptz + i * interval '1 minute', i % 1000, 'note ' || i, i % 100
FROM generate_series(1, 60000) AS i;
CREATE INDEX orders_by_at ON orders (at);
CREATE TABLE reading (device integer NOT NULL, at timestamptz NOT NULL, value double precision) PARTITION BY RANGE (at);
CREATE TABLE reading_2023 PARTITION OF reading FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE reading_2024 PARTITION OF reading FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE reading_rest PARTITION OF reading DEFAULT;
INSERT INTO reading SELECT i % 10, '2023-06-01'::timestamptz + i * interval '1 hour', i FROM generate_series(1, 10000) AS i;
CREATE TABLE "Odd.Schema"."Odd ""Table"" ü" ("Col.Umn" integer, "select" text);
INSERT INTO "Odd.Schema"."Odd ""Table"" ü" SELECT i, 'x' || i FROM generate_series(1, 5000) AS i;
CREATE TABLE other.customer (id integer PRIMARY KEY);
CREATE VIEW big_orders AS SELECT * FROM orders WHERE amount > 500;
CREATE MATERIALIZED VIEW per_customer AS SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id;
CREATE TABLE ruled (id integer);
CREATE RULE silent AS ON DELETE TO ruled DO INSTEAD NOTHING;
CREATE RULE loud AS ON INSERT TO ruled DO ALSO UPDATE customer SET active = true WHERE id = 1;
CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT n * 2';
CREATE FUNCTION harmful(n integer) RETURNS integer LANGUAGE plpgsql STABLE
AS $$ BEGIN PERFORM pg_sleep(30); RETURN n; END $$;
CREATE FUNCTION changing(n integer) RETURNS integer LANGUAGE plpgsql VOLATILE
AS $$ BEGIN DELETE FROM ruled; RETURN n; END $$;
CREATE TABLE fresh (a integer, b text);
INSERT INTO fresh SELECT i, 'b' FROM generate_series(1, 100) AS i;
ANALYZE customer;
ANALYZE orders;
ANALYZE reading;
ANALYZE per_customer;
ANALYZE "Odd.Schema"."Odd ""Table"" ü";
