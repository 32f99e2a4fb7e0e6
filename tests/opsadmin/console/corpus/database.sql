-- The database that the corpus speaks of, made by the superuser: a small shop, secrets, and traps of every kind.
CREATE EXTENSION IF NOT EXISTS dblink;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE EXTENSION IF NOT EXISTS file_fdw;
CREATE EXTENSION IF NOT EXISTS tablefunc;
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS pgstattuple;
CREATE EXTENSION IF NOT EXISTS pageinspect;
CREATE EXTENSION IF NOT EXISTS amcheck;
CREATE EXTENSION IF NOT EXISTS pg_buffercache;
CREATE EXTENSION IF NOT EXISTS pg_prewarm;
CREATE EXTENSION IF NOT EXISTS adminpack;
CREATE EXTENSION IF NOT EXISTS ltree;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS cube;
CREATE EXTENSION IF NOT EXISTS earthdistance;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;
CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
CREATE EXTENSION IF NOT EXISTS tsm_system_rows;
CREATE EXTENSION IF NOT EXISTS intarray;
CREATE EXTENSION IF NOT EXISTS pg_visibility;
CREATE EXTENSION IF NOT EXISTS pg_walinspect;
CREATE EXTENSION IF NOT EXISTS xml2;

-- The shop.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE place AS (street text, zip text);
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE DOMAIN email AS citext CHECK (value ~ '^[^@]+@[^@]+$');
CREATE TYPE price_range AS RANGE (subtype = numeric);
CREATE TABLE customer (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email email,
    mood mood DEFAULT 'ok',
    place place,
    tags text[] DEFAULT '{}',
    extra jsonb DEFAULT '{}',
    password text DEFAULT 'pbkdf2_sha256$600000$salt$CANARYSECRET1',
    born date
);
INSERT INTO customer (name, email, mood, place, tags, extra, born)
SELECT 'Customer ' || g, 'c' || g || '@example.org', (ARRAY['sad', 'ok', 'happy'])[1 + g % 3]::mood,
    ROW('Street ' || g, g::text)::place, ARRAY['t' || g % 5], jsonb_build_object('n', g, 'api_token', 'CANARYSECRET2'),
    date '1980-01-01' + g
FROM generate_series(1, 50) AS g;
CREATE TABLE "Odd ""Table"" é" ("a b" int, "select" text, "x.y" int);
INSERT INTO "Odd ""Table"" é" VALUES (1, 'x', 2);
CREATE TABLE orders (
    id bigint PRIMARY KEY, customer_id int REFERENCES customer, total numeric(10, 2), at timestamptz, quantity positive,
    doubled numeric GENERATED ALWAYS AS (total * 2) STORED, day daterange
) PARTITION BY RANGE (id);
CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (1) TO (1000);
CREATE TABLE orders_2 PARTITION OF orders FOR VALUES FROM (1000) TO (100000);
INSERT INTO orders SELECT g, 1 + g % 50, g * 1.5, timestamptz '2026-01-01' + g * interval '1 hour', 1 + g % 9
FROM generate_series(1, 2000) AS g;
CREATE INDEX ON orders (customer_id);
CREATE INDEX orders_lower ON customer (lower(name));
CREATE TABLE document (id int PRIMARY KEY, body text, vector tsvector GENERATED ALWAYS AS (to_tsvector('english', body)) STORED);
INSERT INTO document VALUES (1, 'the quick brown fox'), (2, 'a lazy dog sleeps');
CREATE TABLE tree (path ltree); INSERT INTO tree VALUES ('a'), ('a.b');
CREATE TABLE tree_count (id int PRIMARY KEY, n int);
CREATE VIEW big_orders AS SELECT o.id, c.name, o.total FROM orders o JOIN customer c ON c.id = o.customer_id WHERE o.total > 100;
CREATE MATERIALIZED VIEW per_customer AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY 1;
CREATE SEQUENCE ticket;
CREATE TABLE tenant_row (id int, tenant text); INSERT INTO tenant_row VALUES (1, 'a'), (2, 'b');
ALTER TABLE tenant_row ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON tenant_row USING (tenant = coalesce(current_setting('app.tenant', true), 'a') OR true);
CREATE FUNCTION add_tax(n numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT n * 1.2';
CREATE FUNCTION add_tax_parsed(n numeric) RETURNS numeric IMMUTABLE RETURN n * 1.2;
CREATE FUNCTION order_count(who int) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE found_rows bigint;
BEGIN
    SELECT count(*) INTO found_rows FROM orders WHERE customer_id = who;
    IF found_rows IS NULL THEN RETURN 0; END IF;
    RETURN found_rows;
END $$;
-- VOLATILE by default, as most people leave it.
CREATE FUNCTION greet(who text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'Hello ' || upper(who); END $$;
CREATE FUNCTION orders_of(who int) RETURNS SETOF orders LANGUAGE sql STABLE AS 'SELECT * FROM orders WHERE customer_id = who';
CREATE FUNCTION spelled(p place) RETURNS text LANGUAGE sql STABLE AS $$ SELECT p.street || ', ' || p.zip $$;
CREATE AGGREGATE product(numeric) (sfunc = numeric_mul, stype = numeric, initcond = '1');
CREATE FUNCTION same_name(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT lower($1) = lower($2)';
CREATE OPERATOR === (leftarg = text, rightarg = text, function = same_name);

-- Secrets.
CREATE ROLE corpus_victim LOGIN PASSWORD 'CANARYSECRET3';
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/nowhere', dbname 'x');
CREATE USER MAPPING FOR PUBLIC SERVER elsewhere OPTIONS (user 'u', password 'CANARYSECRET4');
CREATE SUBSCRIPTION corpus_sub CONNECTION 'host=/nowhere password=CANARYSECRET5' PUBLICATION p WITH (connect = false, slot_name = NONE);
ANALYZE pg_authid;

-- Traps.
CREATE TABLE canary (id int PRIMARY KEY, note text); INSERT INTO canary VALUES (1, 'alive');
CREATE FOREIGN TABLE remote_customer (id int) SERVER elsewhere;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE passwd_file (line text) SERVER files OPTIONS (filename '/etc/hostname', format 'text');
CREATE FOREIGN TABLE program_output (line text) SERVER files OPTIONS (program 'touch {file}; echo x', format 'text');
CREATE TABLE parent_of_program (line text);
CREATE FOREIGN TABLE child_program () INHERITS (parent_of_program) SERVER files OPTIONS (program 'touch {file}; echo x', format 'text');
CREATE VIEW view_of_program AS SELECT * FROM program_output;
CREATE FUNCTION harm() RETURNS int LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('canary', 'x'); PERFORM pg_sleep(0); EXECUTE 'COPY (SELECT 1) TO PROGRAM ''cat > {file}'''; RETURN 1; END $$;
CREATE FUNCTION harm_stable() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN harm(); END $$;
CREATE FUNCTION harm_immutable() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT harm()';
CREATE FUNCTION harm_parsed() RETURNS int STABLE RETURN harm();
CREATE FUNCTION harm_deep() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT harm_stable() + 0); END $$;
CREATE FUNCTION harm_sleep() RETURNS int LANGUAGE sql STABLE AS 'SELECT pg_sleep(5); SELECT 1';
CREATE FUNCTION harm_default(x int DEFAULT harm()) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE FUNCTION harm_of(p place) RETURNS int LANGUAGE sql STABLE AS 'SELECT harm()';
CREATE FUNCTION harm_text(text) RETURNS int LANGUAGE sql STABLE AS 'SELECT harm()';
CREATE FUNCTION harm_equal(text, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT harm() = 1';
CREATE OPERATOR =!= (leftarg = text, rightarg = int, function = harm_equal);
CREATE FUNCTION harm_by_operator() RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN 'a'::text =!= 1; END $$;
CREATE FUNCTION harm_cast(place) RETURNS int LANGUAGE sql STABLE AS 'SELECT harm()';
CREATE CAST (place AS int) WITH FUNCTION harm_cast(place);
CREATE FUNCTION harm_by_cast() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN ROW('a', 'b')::place::int; END $$;
CREATE FUNCTION harm_step(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT harm()';
CREATE AGGREGATE harm_sum(int) (sfunc = harm_step, stype = int, initcond = '0');
CREATE FUNCTION harm_check(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT harm() = 1';
CREATE DOMAIN harm_domain AS int CHECK (harm_check(value));
CREATE TYPE harm_row AS (d harm_domain);
CREATE TABLE harm_table (d harm_domain, i int);
CREATE VIEW harm_view AS SELECT harm() AS h;
CREATE VIEW harm_view_of_view AS SELECT h + 1 AS i FROM harm_view;
CREATE TABLE harm_policy (id int); INSERT INTO harm_policy VALUES (1);
ALTER TABLE harm_policy ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON harm_policy USING (harm_immutable() = 1);
CREATE FUNCTION harm_index(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE TABLE harm_indexed (i int); CREATE INDEX ON harm_indexed (harm_index(i));
CREATE OR REPLACE FUNCTION harm_index(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT harm()';
CREATE FUNCTION harm_execute(q text) RETURNS int LANGUAGE plpgsql STABLE AS $$ DECLARE r int; BEGIN EXECUTE q INTO r; RETURN r; END $$;
CREATE FUNCTION harm_dblink() RETURNS text LANGUAGE sql STABLE AS $$ SELECT dblink_exec('dbname=' || current_database(), 'DELETE FROM canary') $$;
CREATE FUNCTION my_sleep(double precision) RETURNS void LANGUAGE internal IMMUTABLE AS 'pg_sleep';
CREATE FUNCTION my_query_xml(text, boolean, boolean, text) RETURNS xml LANGUAGE internal STABLE AS 'query_to_xml';
CREATE FUNCTION carried() RETURNS int LANGUAGE sql STABLE SET session_replication_role = 'replica' AS 'SELECT 1';
CREATE FUNCTION verifier() RETURNS text LANGUAGE sql SECURITY DEFINER STABLE AS $$ SELECT rolpassword FROM pg_authid WHERE rolname = 'corpus_victim' $$;
CREATE FUNCTION verifier_plpgsql() RETURNS text LANGUAGE plpgsql SECURITY DEFINER STABLE AS $$ BEGIN RETURN (SELECT passwd FROM pg_shadow WHERE usename = 'corpus_victim'); END $$;
CREATE VIEW verifiers AS SELECT rolname, rolpassword FROM pg_authid;
CREATE FUNCTION draw() RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT nextval('ticket') $$;
CREATE FUNCTION "Harm ""Odd"" Name"() RETURNS int LANGUAGE sql STABLE AS 'SELECT harm()';
CREATE PROCEDURE harm_procedure() LANGUAGE plpgsql AS $$ BEGIN PERFORM harm(); END $$;
CREATE RULE notify_rule AS ON UPDATE TO canary DO ALSO NOTIFY canary;
SELECT lo_from_bytea(424242, 'canary object');

CREATE ROLE corpus_reader LOGIN;
GRANT USAGE ON SCHEMA public TO corpus_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO corpus_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO corpus_reader;
GRANT ALL ON canary, tree_count TO corpus_reader;
GRANT ALL ON SEQUENCE ticket TO corpus_reader;
GRANT pg_monitor, pg_read_all_data, pg_signal_backend TO corpus_reader;
