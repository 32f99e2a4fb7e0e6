-- Every kind of object that a person finds in \d+, and the names that break quoting.
COMMENT ON SCHEMA public IS 'The house';
CREATE SCHEMA sales AUTHORIZATION store;
CREATE SCHEMA "Odd.Schema ""x""";
CREATE SCHEMA elsewhere;
GRANT USAGE ON SCHEMA sales TO "Odd Role" WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES IN SCHEMA sales GRANT SELECT ON TABLES TO "Odd Role";

CREATE TYPE sales.mood AS ENUM ('sad', 'o''k', 'hap\py');
COMMENT ON TYPE sales.mood IS 'How it is';
CREATE DOMAIN sales.amount AS numeric(10, 2) DEFAULT 0 NOT NULL CONSTRAINT not_negative CHECK (VALUE >= 0);
ALTER DOMAIN sales.amount ADD CONSTRAINT not_huge CHECK (VALUE < 1e6) NOT VALID;
CREATE TYPE sales.address AS (street text, "house No" int);
CREATE TYPE sales.span AS RANGE (subtype = float8, subtype_diff = float8mi);

CREATE TABLE sales.customer (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text COLLATE "C" NOT NULL,
    born date,
    mood sales.mood DEFAULT 'o''k',
    "Full Name" text,
    shout text GENERATED ALWAYS AS (upper(email)) STORED,
    notes text COMPRESSION pglz,
    home sales.address,
    doomed int,
    CONSTRAINT email_has_at CHECK (strpos(email, '@') > 0),
    CONSTRAINT grown CHECK (born < date '2020-01-01') NO INHERIT
) WITH (fillfactor = 80, autovacuum_enabled = on);
ALTER TABLE sales.customer DROP COLUMN doomed;
ALTER TABLE sales.customer ALTER COLUMN born SET STATISTICS 500, ALTER COLUMN notes SET STORAGE EXTERNAL;
COMMENT ON TABLE sales.customer IS 'Who buys';
COMMENT ON COLUMN sales.customer.email IS 'Where we write to';
INSERT INTO sales.customer (email, born) SELECT 'c' || i || '@example.org', NULL FROM generate_series(1, 200) AS i;
CREATE UNIQUE INDEX customer_email ON sales.customer (lower(email) DESC NULLS LAST) INCLUDE (born) WHERE born IS NOT NULL;
COMMENT ON INDEX sales.customer_email IS 'One each';
CREATE INDEX customer_name ON sales.customer ("Full Name" text_pattern_ops, id DESC) WITH (fillfactor = 70);
CREATE STATISTICS sales.born_mood (dependencies) ON born, mood FROM sales.customer;
GRANT SELECT ON sales.customer TO PUBLIC;
GRANT INSERT ON sales.customer TO "Odd Role" WITH GRANT OPTION;
GRANT UPDATE (email) ON sales.customer TO "Odd Role";

CREATE TABLE sales.orders (
    id bigserial PRIMARY KEY,
    customer_id int NOT NULL CONSTRAINT by_customer REFERENCES sales.customer ON DELETE CASCADE
        DEFERRABLE INITIALLY DEFERRED,
    total sales.amount,
    during tsrange,
    CONSTRAINT one_at_a_time EXCLUDE USING gist (during WITH &&)
);
ALTER TABLE sales.orders ADD CONSTRAINT positive CHECK (id > 0) NOT VALID;
ALTER TABLE sales.orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE sales.orders FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON sales.orders AS RESTRICTIVE FOR UPDATE TO "Odd Role" USING (customer_id > 0) WITH CHECK (id > 5);
CREATE RULE no_delete AS ON DELETE TO sales.orders WHERE old.id < 5 DO INSTEAD NOTHING;
CREATE FUNCTION sales.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER touched BEFORE UPDATE OF total OR INSERT ON sales.orders FOR EACH ROW EXECUTE FUNCTION sales.touch();
CREATE TRIGGER touched_when AFTER UPDATE ON sales.orders FOR EACH ROW WHEN (old.id IS DISTINCT FROM new.id)
EXECUTE FUNCTION sales.touch('a b');
ALTER TABLE sales.orders DISABLE TRIGGER touched_when;

CREATE VIEW sales.big_orders WITH (security_barrier) AS
SELECT o.id, c.email FROM sales.orders AS o INNER JOIN sales.customer AS c ON c.id = o.customer_id WHERE o.total > 10;
CREATE MATERIALIZED VIEW sales.per_customer AS SELECT customer_id, count(*) AS n FROM sales.orders GROUP BY 1 WITH NO DATA;
CREATE UNIQUE INDEX ON sales.per_customer (customer_id);
CREATE VIEW sales.over_view AS SELECT id FROM sales.big_orders;

CREATE FUNCTION sales.f(a int, b text DEFAULT 'x, y') RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a';
CREATE FUNCTION sales.f(a numeric) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION sales.f(VARIADIC a sales.mood []) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION sales.alone(a timestamptz, OUT b int, OUT c text) LANGUAGE sql SECURITY DEFINER SET search_path = sales
AS 'SELECT 1, ''x''';
COMMENT ON FUNCTION sales.alone IS 'Only one';
REVOKE EXECUTE ON FUNCTION sales.alone FROM PUBLIC;
CREATE FUNCTION sales.counted() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM sales.orders; END;
CREATE PROCEDURE sales.tidy(INOUT n int) LANGUAGE sql AS 'SELECT n';
CREATE AGGREGATE sales.largest(int) (sfunc = int4larger, stype = int);

CREATE SEQUENCE sales.ticket AS smallint START 7 INCREMENT 3 MAXVALUE 1000 CYCLE CACHE 5;
SELECT nextval('sales.ticket'), nextval('sales.ticket');
CREATE SEQUENCE sales.untouched;

CREATE TABLE sales.reading (at timestamptz NOT NULL, sensor int NOT NULL, value float) PARTITION BY RANGE (at);
CREATE TABLE sales.reading_2025 PARTITION OF sales.reading FOR VALUES FROM ('2025-01-01Z') TO ('2026-01-01Z');
CREATE TABLE sales.reading_2026 PARTITION OF sales.reading FOR VALUES FROM ('2026-01-01Z') TO ('2027-01-01Z')
PARTITION BY LIST (sensor);
CREATE TABLE sales.reading_2026_s1 PARTITION OF sales.reading_2026 FOR VALUES IN (1, 2);
CREATE TABLE sales.reading_rest PARTITION OF sales.reading DEFAULT;
CREATE INDEX reading_at ON sales.reading (at);
ALTER TABLE sales.reading ADD PRIMARY KEY (at, sensor);
INSERT INTO sales.reading SELECT '2025-06-01Z'::timestamptz + i * interval '1 day', 1, i FROM generate_series(1, 400) AS i;
CREATE TABLE sales.by_expression (a text) PARTITION BY HASH (lower(a));
CREATE TABLE sales.parent (a int, b text);
CREATE TABLE sales.child (c int) INHERITS (sales.parent);
CREATE UNLOGGED TABLE sales.scratch ();

CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER far FOREIGN DATA WRAPPER nowhere OPTIONS (host 'h', password 's3cret');
CREATE FOREIGN TABLE sales.remote (a int OPTIONS (column_name 'A')) SERVER far OPTIONS (table_name 'T', password 's3cret');
CREATE PUBLICATION of_table FOR TABLE sales.customer;
CREATE PUBLICATION of_all FOR ALL TABLES;
DO $$
BEGIN
    IF current_setting('server_version_num')::int >= 150000 THEN
        EXECUTE 'CREATE PUBLICATION of_schema FOR TABLES IN SCHEMA sales';
    END IF;
END
$$;

CREATE TABLE "Odd.Schema ""x"""."My ""Table"".é" ("a.b" int PRIMARY KEY, "%s" text, "Ünï" text);
CREATE INDEX "ix % ""q"" 1" ON "Odd.Schema ""x"""."My ""Table"".é" ("%s", "Ünï");
CREATE TABLE "Odd.Schema ""x"""."%(schema)s" (a int);
CREATE TABLE "Odd.Schema ""x"""."UPPER" (a int);
CREATE TABLE "Odd.Schema ""x"""."upper" (b int);
CREATE TABLE "Odd.Schema ""x""".ééééééééééééééééééééééééééééééx (a int);
CREATE TABLE "Odd.Schema ""x""".a123456789b123456789c123456789d123456789e123456789f123456789xyz (a int);
CREATE TABLE "Odd.Schema ""x"""." lead" (a int);
CREATE TABLE "Odd.Schema ""x""".fkd (r int REFERENCES "Odd.Schema ""x"""."My ""Table"".é");
CREATE FUNCTION "Odd.Schema ""x"""."f(x, y)"("a,b" int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TABLE elsewhere.only_here (a int);
