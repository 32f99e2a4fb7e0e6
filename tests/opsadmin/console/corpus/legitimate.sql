-- Statements that only read, as people who look after a database write them. Each begins at a line "-- @ name"; "reader: no"
-- marks those that PostgreSQL itself keeps from a role without superuser's rights.

-- @ one
SELECT 1
-- @ semicolon
SELECT 1;
-- @ semicolons_and_comment
SELECT 1 ; ; -- that is all
-- @ comment_first
/* look /* nested */ ; DELETE */ SELECT 1 -- ; DROP TABLE x
-- @ semicolon_in_text
SELECT 'a;b', E'it''s; \'quoted\'', $$;$$, $x$ ; $x$, "a;b" FROM (SELECT 1 AS "a;b") q
-- @ words_in_text
SELECT 'DELETE FROM canary; COPY x TO PROGRAM', 'pg_sleep(10)' AS "drop"
-- @ no_columns
SELECT FROM customer
-- @ no_rows
SELECT * FROM customer WHERE false
-- @ all_columns
SELECT * FROM orders
-- @ duplicate_names
SELECT 1 AS a, 2 AS a
-- @ values
VALUES (1, 'a'), (2, 'b')
-- @ table
TABLE per_customer
-- @ parentheses
((SELECT 1))
-- @ union
SELECT 1 UNION SELECT 2 EXCEPT SELECT 3 ORDER BY 1
-- @ intersect_all
SELECT id FROM customer INTERSECT ALL SELECT customer_id FROM orders
-- @ join
SELECT c.name, o.total FROM customer c JOIN orders o ON o.customer_id = c.id WHERE o.total > 10
-- @ left_join_using
SELECT * FROM customer LEFT JOIN per_customer ON customer_id = id
-- @ full_join
SELECT count(*) FROM customer c FULL JOIN per_customer p ON p.customer_id = c.id
-- @ natural_join
SELECT count(*) FROM orders NATURAL JOIN per_customer
-- @ lateral
SELECT c.id, o.* FROM customer c, LATERAL (SELECT total FROM orders WHERE customer_id = c.id LIMIT 1) o
-- @ where_in
SELECT * FROM orders WHERE id IN (1, 2, 3) AND customer_id = ANY (ARRAY[1, 2, 3, 4])
-- @ exists
SELECT name FROM customer c WHERE EXISTS (SELECT FROM orders WHERE customer_id = c.id AND total > 100)
-- @ group_having
SELECT customer_id, count(*), avg(total)::numeric(10, 2) FROM orders GROUP BY customer_id HAVING count(*) > 3
-- @ rollup
SELECT customer_id, quantity, sum(total) FROM orders GROUP BY ROLLUP (customer_id, quantity)
-- @ grouping_sets
SELECT customer_id, grouping(customer_id), count(*) FROM orders GROUP BY GROUPING SETS ((customer_id), ())
-- @ window
SELECT id, row_number() OVER w, lag(total) OVER w, ntile(4) OVER w FROM orders WINDOW w AS (PARTITION BY customer_id ORDER BY at)
-- @ window_frame
SELECT id, sum(total) OVER (ORDER BY at RANGE BETWEEN interval '1 day' PRECEDING AND CURRENT ROW) FROM orders
-- @ percentile
SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY total), mode() WITHIN GROUP (ORDER BY customer_id) FROM orders
-- @ filter
SELECT count(*) FILTER (WHERE total > 100), string_agg(DISTINCT quantity::text, ',') FROM orders
-- @ distinct_on
SELECT DISTINCT ON (customer_id) customer_id, at FROM orders ORDER BY customer_id, at DESC
-- @ with
WITH top AS (SELECT customer_id, sum(total) AS s FROM orders GROUP BY 1) SELECT * FROM top ORDER BY s DESC LIMIT 5
-- @ with_materialized
WITH a AS MATERIALIZED (SELECT 1 AS x), b AS NOT MATERIALIZED (SELECT x FROM a) SELECT * FROM b
-- @ recursive
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT sum(i) FROM n
-- @ recursive_cycle
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT (i % 3) + 1 FROM n) CYCLE i SET is_cycle USING path SELECT * FROM n
-- @ recursive_search
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4) SEARCH DEPTH FIRST BY i SET o SELECT * FROM n ORDER BY o
-- @ case
SELECT CASE WHEN total > 100 THEN 'high' ELSE 'low' END, CASE quantity WHEN 1 THEN 'one' END FROM orders
-- @ coalesce
SELECT coalesce(NULL, 1), nullif(1, 2), greatest(1, 2), least(1, 2)
-- @ limit_fetch
SELECT * FROM orders ORDER BY id OFFSET 5 FETCH FIRST 3 ROWS WITH TIES
-- @ tablesample
SELECT count(*) FROM orders TABLESAMPLE bernoulli (50) REPEATABLE (1)
-- @ tablesample_extension
SELECT count(*) FROM orders_1 TABLESAMPLE system_rows (10)
-- @ generate_series
SELECT g FROM generate_series(timestamptz '2026-01-01', '2026-02-01', '1 day') g
-- @ generate_subscripts
SELECT generate_subscripts(ARRAY[1, 2], 1), unnest(ARRAY[1, 2])
-- @ rows_from
SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['a', 'b'])) WITH ORDINALITY
-- @ arrays
SELECT ARRAY[1, 2] || 3, array_length(ARRAY[1, 2], 1), (ARRAY[1, 2, 3])[2:3], ARRAY(SELECT id FROM customer)
-- @ array_aggregate
SELECT array_agg(name ORDER BY id) FROM customer
-- @ ranges
SELECT int4range(1, 5) @> 3, daterange('2026-01-01', '2026-02-01') && daterange('2026-01-15', NULL), upper(int8range(1, 4))
-- @ own_range
SELECT price_range(1, 5), price_range(1.5, 2, '[]') * '(0,3)'::price_range
-- @ multirange
SELECT int4multirange(int4range(1, 3), int4range(5, 7)), range_agg(int4range(g, g + 1)) FROM generate_series(1, 3) g GROUP BY ()
-- @ jsonb
SELECT extra->'n', extra->>'n', extra #>> '{n}', extra @> '{"n": 1}', extra ? 'n' FROM customer
-- @ jsonb_path
SELECT jsonb_path_query('{"a": [1, 2]}', '$.a[*] ? (@ > 1)'), '{"a": 1}'::jsonb @? '$.a'
-- @ jsonb_build
SELECT jsonb_build_object('a', 1), jsonb_agg(id), jsonb_object_agg(id, name), row_to_json(ROW(1, 2)) FROM customer
-- @ jsonb_each
SELECT key, value FROM customer, jsonb_each_text(extra - 'api_token')
-- @ jsonb_recordset
SELECT * FROM jsonb_to_recordset('[{"a": 1, "b": "x"}]') AS x(a int, b text)
-- @ json_populate
SELECT * FROM json_populate_record(NULL::place, '{"street": "x"}')
-- @ jsonb_subscript
SELECT extra['n'], jsonb_set(extra, '{x}', '1') FROM customer
-- @ json_of_row
SELECT to_jsonb(p) FROM per_customer p
-- @ text_search
SELECT id, ts_rank(vector, q), ts_headline(body, q) FROM document, to_tsquery('english', 'fox') q WHERE vector @@ q
-- @ text_search_debug
SELECT * FROM ts_debug('english', 'the quick fox')
-- @ text_search_rewrite
SELECT ts_rewrite('a & b'::tsquery, 'a'::tsquery, 'c'::tsquery)
-- @ websearch
SELECT websearch_to_tsquery('english', '"quick fox" -dog'), plainto_tsquery('x y'), phraseto_tsquery('x y')
-- @ regexp
SELECT regexp_replace(name, '[0-9]+', '#', 'g'), regexp_matches(name, '(\d+)'), name ~* 'customer' FROM customer
-- @ regexp_split
SELECT regexp_split_to_table('a,b', ','), regexp_split_to_array('a b', '\s+')
-- @ similar
SELECT 'abc' SIMILAR TO '%(b|d)%', 'abc' LIKE 'a_c', 'ABC' ILIKE 'a%' ESCAPE '!'
-- @ text
SELECT upper('a'), left('abc', 2), repeat('ab', 3), lpad('1', 3, '0'), split_part('a.b', '.', 2), overlay('abc' PLACING 'x' FROM 2)
-- @ text_functions
SELECT position('b' IN 'abc'), substring('abc' FROM 2 FOR 1), trim(BOTH 'x' FROM 'xax'), 'a' || 1, concat_ws(',', 1, 2), reverse('ab')
-- @ collate
SELECT name COLLATE "C" FROM customer ORDER BY name COLLATE "POSIX"
-- @ encode
SELECT encode('abc'::bytea, 'hex'), decode('YQ==', 'base64'), md5('x'), sha256('x'), '\x00ff'::bytea
-- @ format
SELECT format('%s %I %L', 1, 'a b', 'it''s'), to_char(now(), 'YYYY-MM-DD HH24:MI'), to_char(12345.6, 'FM999G999D00')
-- @ dates
SELECT now(), current_date, current_timestamp, localtime, age(now(), '2000-01-01'), date_trunc('hour', now()), extract(epoch FROM now())
-- @ dates_more
SELECT date_part('dow', current_date), make_date(2026, 1, 1), make_interval(days => 3), justify_hours('30 h'), now() AT TIME ZONE 'UTC'
-- @ clock
SELECT clock_timestamp(), statement_timestamp(), timeofday(), transaction_timestamp()
-- @ infinity
SELECT 'infinity'::timestamptz, '-infinity'::date, 'NaN'::float8, 'Infinity'::numeric, date '0044-03-15 BC', interval '178000000 years'
-- @ random
SELECT random(), gen_random_uuid(), setseed(0.5)
-- @ uuid
SELECT uuid_generate_v4(), 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
-- @ numbers
SELECT 1 / 3.0, 7 % 3, 2 ^ 10, |/ 4, @ -1, round(1.567, 2), trunc(1.9), ceil(1.1), width_bucket(5, 0, 10, 5), 1e10, .5, 5.
-- @ big_numbers
SELECT 2 ^ 200::numeric, factorial(20), gcd(12, 18), 12345678901234567890123456789::numeric
-- @ bits
SELECT B'101' & B'011', 5 & 3, 5 # 3, ~5, 1 << 4, X'1F'
-- @ casts
SELECT '1'::int, CAST('2026-01-01' AS date), 1::text, 'a'::char(3), true::int, '{1,2}'::int[], '1 day'::interval, int '5'
-- @ enum
SELECT mood, enum_range(NULL::mood), mood > 'sad' FROM customer
-- @ composite
SELECT (place).street, place, (c.place).zip FROM customer c
-- @ domain
SELECT 5::positive, 'a@b.c'::email, quantity, email FROM orders, customer LIMIT 3
-- @ domain_array
SELECT '{1,2}'::positive[]
-- @ network
SELECT inet '10.0.0.1' << cidr '10.0.0.0/8', host('10.0.0.1/24'), macaddr '08:00:2b:01:02:03'
-- @ geometry
SELECT point(1, 2) <-> point(3, 4), box '(1,1),(0,0)' @> point '(0.5,0.5)', circle(point(0, 0), 1)
-- @ xml
SELECT xmlelement(name a, 'x'), xpath('/a/text()', '<a>x</a>'), xmlforest(1 AS b), '<a/>'::xml IS DOCUMENT
-- @ xmltable
SELECT * FROM xmltable('/r/i' PASSING ('<r><i a="1"/><i a="2"/></r>'::xml) COLUMNS a int PATH '@a')
-- @ hstore
SELECT 'a=>1'::hstore -> 'a', hstore('a', 'b') || 'c=>2', akeys('a=>1')
-- @ citext
SELECT 'A'::citext = 'a', email = 'C1@example.org' FROM customer
-- @ trigram
SELECT similarity('word', 'words'), 'abc' % 'abd', show_trgm('ab')
-- @ ltree
SELECT path, nlevel(path), path <@ 'a' FROM tree
-- @ unaccent
SELECT unaccent('é'), levenshtein('a', 'b'), soundex('x')
-- @ earth
SELECT earth_distance(ll_to_earth(50, 8), ll_to_earth(51, 8)) > 0
-- @ intarray
SELECT ARRAY[1, 2] @@ '1&2'::query_int, sort(ARRAY[2, 1])
-- @ pgcrypto
SELECT digest('x', 'sha256'), hmac('x', 'k', 'sha256'), length(gen_random_bytes(8))
-- @ normal_rand
SELECT count(*) FROM normal_rand(10, 0, 1)
-- @ own_function
SELECT add_tax(100), add_tax_parsed(100), greet('you'), order_count(1)
-- @ own_set_function
SELECT * FROM orders_of(3)
-- @ own_attribute
SELECT (c.place).spelled FROM customer c
-- @ own_aggregate
SELECT product(quantity) FROM orders WHERE id < 5
-- @ own_operator
SELECT 'A' === 'a'
-- @ view
SELECT * FROM big_orders
-- @ matview
SELECT * FROM per_customer ORDER BY total DESC
-- @ row_security
SELECT * FROM tenant_row
-- @ partition
SELECT tableoid::regclass, count(*) FROM orders GROUP BY 1
-- @ system_columns
SELECT ctid, xmin, xmax, cmin, tableoid FROM customer
-- @ whole_row
SELECT o FROM orders o WHERE o.id = 1
-- @ row_compare
SELECT * FROM orders WHERE (id, customer_id) > (5, 1) AND ROW(1, 2) = ROW(1, 2) AND total IS DISTINCT FROM 3
-- @ between
SELECT * FROM orders WHERE total BETWEEN SYMMETRIC 10 AND 5 AND at IS NOT NULL AND (total > 1) IS NOT UNKNOWN
-- @ overlaps
SELECT (date '2026-01-01', date '2026-02-01') OVERLAPS (date '2026-01-15', interval '1 month')
-- @ odd_names
SELECT "a b", "select", "x.y" FROM "Odd ""Table"" é"
-- @ odd_aliases
SELECT 1 AS ":funcid", 2 AS "{QUERY :commandType 2}", 3 AS "a b\c", 4 AS "ünï(code)", 5 AS "(b 7)" FROM customer AS "old"
-- @ count_all
SELECT count(*) FROM customer
-- @ canary
SELECT * FROM canary
-- @ sequence
SELECT last_value, is_called FROM ticket
-- @ sequences
SELECT * FROM pg_sequences
-- @ params_like
SELECT 'a%b' LIKE 'a%', '100 %'
-- @ explain
EXPLAIN SELECT * FROM orders WHERE customer_id = 1
-- @ explain_analyze
EXPLAIN ANALYZE SELECT count(*) FROM orders
-- @ explain_options
EXPLAIN (ANALYZE, BUFFERS, VERBOSE, SETTINGS, WAL, FORMAT JSON) SELECT * FROM big_orders
-- @ explain_verbose
EXPLAIN VERBOSE VALUES (1)
-- @ explain_yaml
EXPLAIN (COSTS off, FORMAT yaml) TABLE customer
-- @ explain_update
-- reader: no
EXPLAIN UPDATE orders SET total = 1 WHERE id = 1
-- @ explain_delete
-- reader: no
EXPLAIN (COSTS off) DELETE FROM orders WHERE at < now() - interval '1 year'
-- @ explain_insert
EXPLAIN INSERT INTO canary VALUES (2, 'x')
-- @ explain_insert_identity
-- reader: no
EXPLAIN INSERT INTO customer (name) VALUES ('x')
-- @ explain_merge
EXPLAIN MERGE INTO tree_count c USING (SELECT 1 AS id) s ON c.id = s.id WHEN MATCHED THEN DELETE
-- @ explain_with_delete
EXPLAIN WITH d AS (DELETE FROM canary RETURNING *) SELECT * FROM d
-- @ explain_for_update
EXPLAIN SELECT * FROM canary FOR UPDATE
-- @ explain_volatile
EXPLAIN SELECT random(), pg_sleep(10)
-- @ explain_parenthesized
EXPLAIN (SELECT 1)
-- @ explain_parenthesized_twice
EXPLAIN ((SELECT 1) UNION (SELECT 2))
-- @ show
SHOW work_mem
-- @ show_version
SHOW server_version;
-- @ show_time_zone
SHOW TIME ZONE
-- @ show_isolation
SHOW TRANSACTION ISOLATION LEVEL
-- @ show_search_path
SHOW search_path
-- @ show_dotted
SHOW pg_stat_statements.max
-- @ version
SELECT version(), current_database(), current_user, session_user, current_schema(), inet_server_addr(), pg_backend_pid()
-- @ schemas
SELECT current_schemas(true), to_regclass('customer'), 'customer'::regclass::oid, 'add_tax(numeric)'::regprocedure
-- @ current_setting
SELECT current_setting('work_mem'), current_setting('no.such', true)
-- @ settings_by_name
SELECT name, setting, unit FROM pg_settings WHERE name = 'shared_buffers'
-- @ settings_in
SELECT name, setting::bigint * 8192 FROM pg_settings WHERE name IN ('shared_buffers', 'effective_cache_size')
-- @ settings_like
SELECT name, upper(setting) FROM pg_settings WHERE name LIKE 'autovacuum%' ORDER BY name
-- @ settings_changed
SELECT name, setting, boot_val, source FROM pg_settings WHERE source <> 'default' AND setting IS DISTINCT FROM boot_val
-- @ settings_categories
SELECT category, count(*) FROM pg_settings GROUP BY 1 ORDER BY 2 DESC
-- @ settings_pending
SELECT name, setting FROM pg_settings WHERE pending_restart
-- @ all_settings
SELECT * FROM pg_settings ORDER BY name
-- @ sizes
SELECT pg_size_pretty(pg_total_relation_size('orders_1')), pg_relation_size('customer'), pg_table_size('customer'), pg_indexes_size('customer')
-- @ database_sizes
SELECT datname, pg_size_pretty(pg_database_size(datname)) FROM pg_database
-- @ largest
SELECT c.oid::regclass, pg_total_relation_size(c.oid) FROM pg_class c WHERE relkind = 'r' ORDER BY 2 DESC LIMIT 10
-- @ tablespaces
SELECT spcname, pg_tablespace_size(oid) FROM pg_tablespace
-- @ column_size
SELECT pg_column_size(name), octet_length(name), pg_column_compression(name) FROM customer
-- @ activity
SELECT pid, usename, state, wait_event_type, wait_event, query, now() - query_start FROM pg_stat_activity
-- @ activity_all
SELECT * FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid()
-- @ blocking
SELECT pid, pg_blocking_pids(pid) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0
-- @ locks
SELECT l.*, c.relname FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation
-- @ user_tables
SELECT relname, n_live_tup, n_dead_tup, last_autovacuum FROM pg_stat_user_tables ORDER BY n_dead_tup DESC
-- @ user_indexes
SELECT * FROM pg_stat_user_indexes WHERE idx_scan = 0
-- @ statio
SELECT relname, heap_blks_hit::float / nullif(heap_blks_hit + heap_blks_read, 0) FROM pg_statio_user_tables
-- @ stat_database
SELECT * FROM pg_stat_database
-- @ stat_bgwriter
SELECT * FROM pg_stat_bgwriter
-- @ stat_wal
SELECT * FROM pg_stat_wal
-- @ stat_replication
SELECT * FROM pg_stat_replication
-- @ stat_slots
SELECT * FROM pg_replication_slots
-- @ stat_receiver
SELECT * FROM pg_stat_wal_receiver
-- @ stat_archiver
SELECT * FROM pg_stat_archiver
-- @ stat_slru
SELECT * FROM pg_stat_slru
-- @ stat_ssl
SELECT * FROM pg_stat_ssl JOIN pg_stat_gssapi USING (pid)
-- @ stat_progress
SELECT * FROM pg_stat_progress_vacuum
-- @ stat_functions
SELECT * FROM pg_stat_user_functions
-- @ stat_xact
SELECT * FROM pg_stat_xact_user_tables
-- @ stat_statements
SELECT queryid, calls, total_exec_time, rows, left(query, 80) FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 10
-- @ stat_statements_info
SELECT dealloc, stats_reset FROM pg_stat_statements_info
-- @ stats
SELECT tablename, attname, n_distinct, null_frac, correlation FROM pg_stats WHERE schemaname = 'public'
-- @ wal
SELECT pg_current_wal_lsn(), pg_walfile_name(pg_current_wal_lsn()), pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0'), pg_is_in_recovery()
-- @ wal_directory
SELECT count(*), pg_size_pretty(sum(size)) FROM pg_ls_waldir()
-- @ recovery
SELECT pg_last_xact_replay_timestamp(), pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()
-- @ control
SELECT timeline_id, checkpoint_lsn FROM pg_control_checkpoint()
-- @ uptime
SELECT pg_postmaster_start_time(), pg_conf_load_time(), now() - pg_postmaster_start_time()
-- @ wraparound
SELECT datname, age(datfrozenxid), mxid_age(datminmxid) FROM pg_database
-- @ table_age
SELECT c.oid::regclass, age(c.relfrozenxid) FROM pg_class c WHERE relkind IN ('r', 'm', 't') ORDER BY 2 DESC LIMIT 5
-- @ snapshot
SELECT txid_current_snapshot(), pg_current_snapshot(), txid_current_if_assigned()
-- @ prepared
SELECT * FROM pg_prepared_xacts
-- @ cursors
SELECT * FROM pg_cursors, pg_prepared_statements
-- @ roles
SELECT rolname, rolsuper, rolcanlogin FROM pg_roles
-- @ roles_all
SELECT * FROM pg_roles
-- @ users
SELECT * FROM pg_user
-- @ groups
SELECT * FROM pg_group
-- @ members
SELECT roleid::regrole, member::regrole FROM pg_auth_members
-- @ authid_harmless
SELECT oid, rolname, rolvaliduntil FROM pg_authid WHERE rolcanlogin
-- @ authid_count
SELECT count(*) FROM pg_authid
-- @ subscriptions
SELECT subname, subenabled, subslotname FROM pg_subscription
-- @ foreign_servers
SELECT srvname, fdwname FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
-- @ foreign_tables
SELECT * FROM information_schema.foreign_tables
-- @ mappings_harmless
SELECT srvname, usename FROM pg_user_mappings
-- @ hba
-- reader: no
SELECT line_number, type, database, user_name, auth_method FROM pg_hba_file_rules
-- @ hba_all
-- reader: no
SELECT * FROM pg_hba_file_rules
-- @ file_settings
-- reader: no
SELECT sourcefile, name, applied FROM pg_file_settings
-- @ config
-- reader: no
SELECT * FROM pg_config
-- @ memory
SELECT name, total_bytes FROM pg_backend_memory_contexts ORDER BY 2 DESC
-- @ shared_memory
SELECT * FROM pg_shmem_allocations
-- @ extensions
SELECT * FROM pg_available_extensions WHERE installed_version IS NOT NULL
-- @ tables
SELECT * FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
-- @ views
SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'
-- @ indexes
SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
-- @ index_definitions
SELECT pg_get_indexdef(indexrelid), indisvalid, pg_get_expr(indpred, indrelid) FROM pg_index WHERE indrelid >= 16384
-- @ constraints
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'orders'::regclass
-- @ columns
SELECT attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = 'customer'::regclass AND attnum > 0
-- @ functions
SELECT proname, pg_get_functiondef(p.oid), obj_description(p.oid) FROM pg_proc p WHERE proname = 'add_tax'
-- @ view_definition
SELECT pg_get_viewdef('big_orders'::regclass, true)
-- @ triggers
SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger
-- @ depends
SELECT classid::regclass, objid, deptype, pg_describe_object(classid, objid, objsubid) FROM pg_depend WHERE refobjid = 'customer'::regclass
-- @ inherits
SELECT inhparent::regclass, inhrelid::regclass FROM pg_inherits
-- @ partitions
SELECT * FROM pg_partition_tree('orders')
-- @ privileges
SELECT has_table_privilege('customer', 'SELECT'), has_database_privilege(current_database(), 'CONNECT'), pg_has_role('pg_monitor', 'USAGE')
-- @ acl
SELECT relname, (aclexplode(relacl)).* FROM pg_class WHERE relacl IS NOT NULL
-- @ policies
SELECT * FROM pg_policies
-- @ rules
SELECT * FROM pg_rules
-- @ events
SELECT * FROM pg_event_trigger
-- @ publications
SELECT * FROM pg_publication_tables
-- @ collations
SELECT collname, collprovider, pg_collation_actual_version(oid) FROM pg_collation LIMIT 5
-- @ time_zones
SELECT * FROM pg_timezone_names WHERE name LIKE 'Europe/%'
-- @ types
SELECT typname, pg_typeof(1), pg_typeof(NULL::mood) FROM pg_type WHERE typtype = 'd'
-- @ information_tables
SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema = 'public'
-- @ information_columns
SELECT * FROM information_schema.columns WHERE table_name = 'customer'
-- @ information_keys
SELECT tc.constraint_name, kcu.column_name FROM information_schema.table_constraints tc JOIN information_schema.key_column_usage kcu USING (constraint_name)
-- @ large_objects
SELECT oid, lomowner FROM pg_largeobject_metadata
-- @ bloat
SELECT * FROM pgstattuple('customer')
-- @ bloat_index
SELECT * FROM pgstatindex('customer_pkey')
-- @ buffers
SELECT count(*) FROM pg_buffercache WHERE relfilenode IS NOT NULL
-- @ visibility
SELECT * FROM pg_visibility_map_summary('customer')
-- @ index_check
-- reader: no
SELECT bt_index_check('customer_pkey'::regclass)
-- @ notification_queue
SELECT pg_notification_queue_usage()
-- @ transaction_status
SELECT pg_xact_status('3'::xid8)
-- @ foreign_key_without_index
SELECT c.conrelid::regclass, c.conname FROM pg_constraint c
WHERE c.contype = 'f' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND c.conkey[1] = ANY (i.indkey))
-- @ duplicate_indexes
SELECT array_agg(indexrelid::regclass) FROM pg_index GROUP BY indrelid, indkey::text, indclass::text HAVING count(*) > 1
-- @ explain_foreign
SELECT relname FROM pg_class WHERE relkind = 'f'
-- @ word_columns
SELECT "comment", copy, "lock" FROM (SELECT 1 AS comment, 2 AS copy, 3 AS lock) AS delete_me
-- @ reserved_in_names
SELECT id AS update, name AS insert, total AS delete FROM big_orders
-- @ long_list
SELECT count(*) FROM orders WHERE id IN (1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30)
-- @ quoted_all
SELECT "c"."name" FROM "public"."customer" AS "c" WHERE "c"."id" = 1
-- @ typed_literals
SELECT date '2026-01-01', interval '1' day, time '12:00', timestamp with time zone '2026-01-01 00:00+00', bit '101'
-- @ unicode
SELECT 'Zoë ☃', U&'\2603', length('☃'), ascii('é'), chr(233)
