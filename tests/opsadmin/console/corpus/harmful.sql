-- Statements that harm, or would under some role. Each begins at a line "-- @ name"; {file} is a file that must not appear,
-- {pid} the session of a witness that must live on.

-- @ insert
INSERT INTO canary VALUES (2, 'x')
-- @ update
UPDATE canary SET note = 'x'
-- @ delete
DELETE FROM canary
-- @ truncate
TRUNCATE canary
-- @ merge
MERGE INTO canary c USING (SELECT 1 AS id) s ON c.id = s.id WHEN MATCHED THEN DELETE
-- @ drop
DROP TABLE canary
-- @ alter
ALTER TABLE canary ADD x int
-- @ create_table
CREATE TABLE t2 (i int)
-- @ create_table_as
CREATE TABLE t2 AS SELECT 1
-- @ select_into
SELECT * INTO t2 FROM canary
-- @ select_into_temp
SELECT * INTO TEMP t2 FROM canary
-- @ create_temp
CREATE TEMP TABLE t2 (i int)
-- @ create_function
CREATE FUNCTION f2() RETURNS int LANGUAGE sql AS 'SELECT 1'
-- @ create_view
CREATE VIEW v2 AS SELECT 1
-- @ create_role
CREATE ROLE corpus_new SUPERUSER
-- @ alter_role
ALTER ROLE corpus_reader SUPERUSER
-- @ grant
GRANT ALL ON canary TO PUBLIC
-- @ alter_system
ALTER SYSTEM SET work_mem = '5MB'
-- @ alter_database
ALTER DATABASE postgres SET work_mem = '5MB'
-- @ copy_to_program
COPY (SELECT 1) TO PROGRAM 'cat > {file}'
-- @ copy_to_file
COPY canary TO '{file}'
-- @ copy_from_program
COPY canary FROM PROGRAM 'touch {file}; echo'
-- @ copy_to_stdout
COPY canary TO STDOUT
-- @ copy_from_stdin
COPY canary FROM STDIN
-- @ do_block
DO $$ BEGIN DELETE FROM canary; END $$
-- @ call
CALL harm_procedure()
-- @ lock
LOCK TABLE canary
-- @ lock_access_exclusive
LOCK TABLE canary IN ACCESS EXCLUSIVE MODE
-- @ vacuum
VACUUM canary
-- @ vacuum_full
VACUUM FULL canary
-- @ analyze
ANALYZE canary
-- @ reindex
REINDEX TABLE canary
-- @ cluster
CLUSTER canary USING canary_pkey
-- @ checkpoint
CHECKPOINT
-- @ refresh
REFRESH MATERIALIZED VIEW per_customer
-- @ notify
NOTIFY canary, 'x'
-- @ listen
LISTEN canary
-- @ set
SET statement_timeout = 0
-- @ set_local
SET LOCAL transaction_read_only = off
-- @ set_role
SET ROLE corpus_victim
-- @ reset
RESET ALL
-- @ begin
BEGIN
-- @ commit
COMMIT
-- @ commit_and_delete
COMMIT; DELETE FROM canary
-- @ stacked
SELECT 1; DELETE FROM canary
-- @ stacked_commit
SELECT 1; COMMIT; DELETE FROM canary; SELECT 2
-- @ stacked_after_comment
SELECT 1 /* ; */ ; -- x
DELETE FROM canary
-- @ stacked_string
SELECT ';'; DELETE FROM canary
-- @ stacked_escape
SELECT E'\';'; DELETE FROM canary; --'
-- @ stacked_backslash
SELECT '\'; DELETE FROM canary; --'
-- @ stacked_dollar
SELECT $a$;$a$; DELETE FROM canary
-- @ stacked_dollar_inside
SELECT $a$ $b$ $a$; DELETE FROM canary; SELECT $c$ $b$ $c$
-- @ stacked_nested_comment
SELECT 1 /* /* */ ; */ ; DELETE FROM canary
-- @ stacked_identifier
SELECT 1 AS "a;"; DELETE FROM canary
-- @ stacked_unicode
SELECT U&'d\0061t' ; DELETE FROM canary
-- @ stacked_nbsp
SELECT 1;DELETE FROM canary
-- @ stacked_carriage_return
SELECT 1 -- x
; DELETE FROM canary
-- @ prepare
PREPARE p AS DELETE FROM canary
-- @ execute
EXECUTE p
-- @ declare
DECLARE c CURSOR WITH HOLD FOR SELECT harm()
-- @ fetch
FETCH ALL FROM c
-- @ load
LOAD 'auto_explain'
-- @ import_foreign
IMPORT FOREIGN SCHEMA public FROM SERVER elsewhere INTO public
-- @ security_label
SECURITY LABEL ON TABLE canary IS 'x'
-- @ comment_on
COMMENT ON TABLE canary IS 'x'
-- @ discard
DISCARD ALL
-- @ reassign
REASSIGN OWNED BY corpus_victim TO corpus_reader
-- @ explain_analyze_delete
EXPLAIN ANALYZE DELETE FROM canary
-- @ explain_analyze_options
EXPLAIN (COSTS off, ANALYZE) UPDATE canary SET note = 'x'
-- @ explain_analyze_on
EXPLAIN (ANALYZE on) DELETE FROM canary
-- @ explain_analyze_cta
EXPLAIN ANALYZE CREATE TABLE t2 AS SELECT 1
-- @ explain_cta
EXPLAIN CREATE TABLE t2 AS SELECT 1
-- @ explain_analyze_matview
EXPLAIN ANALYZE CREATE MATERIALIZED VIEW m2 AS SELECT harm()
-- @ explain_analyze_declare
EXPLAIN ANALYZE DECLARE c CURSOR FOR SELECT harm()
-- @ explain_analyze_execute
EXPLAIN ANALYZE EXECUTE p
-- @ explain_analyze_harm
EXPLAIN ANALYZE SELECT harm()
-- @ explain_analyze_with
EXPLAIN ANALYZE WITH d AS (DELETE FROM canary RETURNING *) SELECT * FROM d
-- @ explain_stable_harm
EXPLAIN SELECT * FROM canary WHERE id = harm_stable()
-- @ explain_immutable_harm
EXPLAIN SELECT harm_immutable()
-- @ explain_default_harm
EXPLAIN SELECT harm_default()
-- @ explain_stacked
EXPLAIN SELECT 1; DELETE FROM canary
-- @ explain_parenthesis
EXPLAIN (ANALYZE, FORMAT json) SELECT harm()
-- @ explain_comment
EXPLAIN /* x */ ANALYZE /* y */ SELECT harm()
-- @ explain_analyse_british
EXPLAIN ANALYSE SELECT harm()
-- @ explain_rule_notify
EXPLAIN UPDATE canary SET note = 'y'
-- @ with_delete
WITH d AS (DELETE FROM canary RETURNING *) SELECT * FROM d
-- @ with_insert
WITH i AS (INSERT INTO canary VALUES (3, 'x') RETURNING *) SELECT count(*) FROM i
-- @ with_update
WITH u AS (UPDATE canary SET note = 'x' RETURNING *) TABLE u
-- @ with_delete_unused
WITH d AS (DELETE FROM canary) SELECT 1
-- @ for_update
SELECT * FROM canary FOR UPDATE
-- @ for_share
SELECT * FROM canary FOR SHARE
-- @ for_key_share
SELECT * FROM canary FOR KEY SHARE SKIP LOCKED
-- @ for_update_subquery
SELECT * FROM (SELECT * FROM canary FOR NO KEY UPDATE) x
-- @ nextval
SELECT nextval('ticket')
-- @ setval
SELECT setval('ticket', 99)
-- @ nextval_stable
SELECT draw()
-- @ nextval_filter
SELECT count(*) FROM canary WHERE nextval('ticket') > 0
-- @ sleep
SELECT pg_sleep(3)
-- @ sleep_from
SELECT * FROM pg_sleep(3)
-- @ sleep_for
SELECT pg_sleep_for('3 seconds')
-- @ sleep_until
SELECT pg_sleep_until(now() + interval '3 s')
-- @ sleep_qualified
SELECT pg_catalog.pg_sleep(3)
-- @ sleep_quoted
SELECT "pg_sleep"(3)
-- @ sleep_unicode
SELECT U&"pg\005fsleep"(3)
-- @ sleep_attribute
SELECT (3::double precision).pg_sleep
-- @ sleep_column_attribute
SELECT x.pg_sleep FROM (SELECT 3::double precision) AS x(a)
-- @ sleep_attribute_of_function
SELECT (f).pg_sleep FROM generate_series(3.0::float8, 3.0::float8, 1.0) f
-- @ sleep_values
VALUES (pg_sleep(3))
-- @ sleep_rows_from
SELECT * FROM ROWS FROM (generate_series(1, 2), pg_sleep(3))
-- @ sleep_case
SELECT CASE WHEN true THEN pg_sleep(3) END
-- @ sleep_lateral
SELECT * FROM generate_series(1, 2) g, LATERAL (SELECT pg_sleep(g)) s
-- @ sleep_order
SELECT 1 FROM canary ORDER BY pg_sleep(3)
-- @ sleep_limit
SELECT 1 LIMIT (SELECT 1 FROM pg_sleep(3))
-- @ sleep_join
SELECT 1 FROM canary a JOIN canary b ON pg_sleep(3) IS NOT NULL
-- @ sleep_having
SELECT count(*) FROM canary HAVING pg_sleep(3) IS NULL
-- @ sleep_group
SELECT 1 FROM canary GROUP BY pg_sleep(3)
-- @ sleep_filter
SELECT count(*) FILTER (WHERE pg_sleep(3) IS NULL) FROM canary
-- @ sleep_window
SELECT sum(id) OVER (PARTITION BY pg_sleep(3)::text) FROM canary
-- @ sleep_array
SELECT ARRAY(SELECT pg_sleep(3)::text)
-- @ sleep_row
SELECT ROW(pg_sleep(3))
-- @ sleep_coalesce
SELECT coalesce(pg_sleep(3)::text, '')
-- @ sleep_exists
SELECT EXISTS (SELECT pg_sleep(3))
-- @ sleep_union
SELECT 1 UNION ALL SELECT 2 FROM pg_sleep(3)
-- @ sleep_cte
WITH s AS MATERIALIZED (SELECT pg_sleep(3)) SELECT * FROM s
-- @ sleep_recursive
WITH RECURSIVE r(n, s) AS (SELECT 1, '' UNION ALL SELECT n + 1, pg_sleep(2)::text FROM r WHERE n < 3) SELECT * FROM r
-- @ sleep_xmltable
SELECT * FROM xmltable('/a' PASSING (SELECT '<a/>'::xml FROM pg_sleep(3)) COLUMNS b text)
-- @ sleep_tablesample
SELECT * FROM canary TABLESAMPLE bernoulli ((SELECT 100 FROM pg_sleep(3)))
-- @ sleep_own_stable
SELECT harm_sleep()
-- @ sleep_internal
SELECT my_sleep(3)
-- @ sleep_named
SELECT pg_sleep("seconds" => 3)
-- @ own_volatile
SELECT harm()
-- @ own_stable
SELECT harm_stable()
-- @ own_immutable
SELECT harm_immutable()
-- @ own_parsed
SELECT harm_parsed()
-- @ own_deep
SELECT harm_deep()
-- @ own_default
SELECT harm_default()
-- @ own_attribute
SELECT (ROW('a', 'b')::place).harm_of
-- @ own_column_attribute
SELECT c.place.harm_of FROM customer c
-- @ own_column_attribute_parenthesis
SELECT (c.place).harm_of FROM customer c
-- @ own_text_attribute
SELECT (c.name).harm_text FROM customer c
-- @ own_operator
SELECT 'a'::text =!= 1
-- @ own_operator_qualified
SELECT 'a'::text OPERATOR(public.=!=) 1
-- @ own_operator_any
SELECT 'a'::text =!= ANY (ARRAY[1])
-- @ own_operator_in_body
SELECT harm_by_operator()
-- @ own_cast
SELECT ROW('a', 'b')::place::int
-- @ own_cast_spelled
SELECT CAST(place AS int) FROM customer
-- @ own_cast_in_body
SELECT harm_by_cast()
-- @ own_aggregate
SELECT harm_sum(id) FROM canary
-- @ own_aggregate_window
SELECT harm_sum(id) OVER () FROM canary
-- @ own_domain
SELECT 1::harm_domain
-- @ own_domain_text
SELECT '1'::harm_domain
-- @ own_domain_array
SELECT '{1}'::harm_domain[]
-- @ own_domain_row
SELECT '(1)'::harm_row
-- @ own_domain_row_array
SELECT '{(1)}'::harm_row[]
-- @ own_domain_column
SELECT * FROM harm_table WHERE d = '1'
-- @ own_domain_row_of_table
SELECT '(1,2)'::harm_table
-- @ own_domain_populate
SELECT * FROM json_populate_record(NULL::harm_row, '{"d": 1}')
-- @ own_domain_to_recordset
SELECT * FROM json_to_recordset('[{"d": 1}]') AS x(d harm_domain)
-- @ own_domain_explain
EXPLAIN SELECT '{1}'::harm_domain[]
-- @ own_view
SELECT * FROM harm_view
-- @ own_view_of_view
TABLE harm_view_of_view
-- @ own_view_explain_analyze
EXPLAIN ANALYZE SELECT * FROM harm_view
-- @ own_policy
SELECT * FROM harm_policy
-- @ own_index
SELECT * FROM harm_indexed WHERE harm_index(i) = 1
-- @ own_execute
SELECT harm_execute('SELECT harm()')
-- @ own_dblink
SELECT harm_dblink()
-- @ own_carried
SELECT carried()
-- @ own_odd_name
SELECT "Harm ""Odd"" Name"()
-- @ own_in_default_of_from
SELECT * FROM harm_stable() AS x
-- @ own_in_rows_from
SELECT * FROM ROWS FROM (harm_stable(), harm_immutable())
-- @ own_order_by_using
SELECT name FROM customer ORDER BY harm_text(name)
-- @ query_to_xml
SELECT query_to_xml('SELECT harm()', true, true, '')
-- @ query_to_xml_own_name
SELECT my_query_xml('SELECT harm()', true, true, '')
-- @ query_to_xmlschema
SELECT query_to_xml_and_xmlschema('SELECT harm()', true, true, '')
-- @ table_to_xml
SELECT table_to_xml('harm_view'::regclass, true, true, '')
-- @ schema_to_xml
SELECT schema_to_xml('public', true, true, '')
-- @ database_to_xml
SELECT database_to_xml(true, true, '')
-- @ cursor_to_xml
SELECT cursor_to_xml('c', 1, true, true, '')
-- @ ts_stat
SELECT * FROM ts_stat('SELECT to_tsvector(harm()::text)')
-- @ ts_rewrite
SELECT ts_rewrite('a & b'::tsquery, 'SELECT ''a''::tsquery, to_tsquery(harm()::text)')
-- @ crosstab
SELECT * FROM crosstab('SELECT harm()::text, ''a''::text, ''b''::text') AS ct(r text, a text)
-- @ crosstab_two
SELECT * FROM crosstab('SELECT ''a''::text, ''b''::text, ''c''::text', 'SELECT harm()::text') AS ct(r text, a text)
-- @ connectby
SELECT * FROM connectby('canary', 'id', 'id', '1', 0) AS t(a int, b int, c int)
-- @ xpath_table
SELECT * FROM xpath_table('id', 'note', 'canary', '/a', 'true') AS t(id int, x text)
-- @ dblink
SELECT * FROM dblink('dbname=' || current_database(), 'DELETE FROM canary RETURNING id') AS t(id int)
-- @ dblink_exec
SELECT dblink_exec('dbname=' || current_database(), 'DELETE FROM canary')
-- @ dblink_connect
SELECT dblink_connect('dbname=postgres')
-- @ dblink_send
SELECT dblink_send_query('x', 'DELETE FROM canary')
-- @ foreign_table
SELECT * FROM remote_customer
-- @ foreign_file
SELECT * FROM passwd_file
-- @ foreign_program
SELECT * FROM program_output
-- @ foreign_child
SELECT * FROM parent_of_program
-- @ foreign_view
SELECT * FROM view_of_program
-- @ foreign_explain_analyze
EXPLAIN ANALYZE SELECT count(*) FROM program_output
-- @ read_file
SELECT pg_read_file('/etc/hostname')
-- @ read_binary_file
SELECT pg_read_binary_file('postgresql.conf')
-- @ ls_dir
SELECT * FROM pg_ls_dir('/')
-- @ stat_file
SELECT * FROM pg_stat_file('/etc/hostname')
-- @ file_write
SELECT pg_file_write('{file}', 'x', false)
-- @ file_unlink
SELECT pg_file_unlink('postgresql.auto.conf')
-- @ file_rename
SELECT pg_file_rename('a', 'b')
-- @ lo_create
SELECT lo_create(0)
-- @ lo_creat
SELECT lo_creat(-1)
-- @ lo_import
SELECT lo_import('/etc/hostname')
-- @ lo_export
SELECT lo_export(424242, '{file}')
-- @ lo_unlink
SELECT lo_unlink(424242)
-- @ lo_put
SELECT lo_put(424242, 0, 'x')
-- @ lo_from_bytea
SELECT lo_from_bytea(0, 'x')
-- @ lo_open_write
SELECT lowrite(lo_open(424242, 131072), 'x')
-- @ lo_truncate
SELECT lo_truncate(lo_open(424242, 131072), 0)
-- @ lo_get
SELECT lo_get(424242)
-- @ largeobject_data
SELECT data FROM pg_largeobject
-- @ advisory_lock
SELECT pg_advisory_lock(4711)
-- @ advisory_try
SELECT pg_try_advisory_lock(4711)
-- @ advisory_xact
SELECT pg_advisory_xact_lock(4711)
-- @ advisory_shared
SELECT pg_advisory_lock_shared(4711)
-- @ advisory_unlock_all
SELECT pg_advisory_unlock_all()
-- @ terminate
SELECT pg_terminate_backend({pid})
-- @ cancel
SELECT pg_cancel_backend({pid})
-- @ terminate_all
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = {pid}
-- @ log_contexts
SELECT pg_log_backend_memory_contexts({pid})
-- @ reload
SELECT pg_reload_conf()
-- @ rotate
SELECT pg_rotate_logfile()
-- @ promote
SELECT pg_promote()
-- @ switch_wal
SELECT pg_switch_wal()
-- @ restore_point
SELECT pg_create_restore_point('canary')
-- @ backup_start
SELECT pg_backup_start('canary')
-- @ backup_stop
SELECT * FROM pg_backup_stop()
-- @ slot_physical
SELECT pg_create_physical_replication_slot('canary_slot', true)
-- @ slot_logical
SELECT pg_create_logical_replication_slot('canary_slot', 'test_decoding')
-- @ slot_drop
SELECT pg_drop_replication_slot('canary_slot')
-- @ slot_copy
SELECT pg_copy_physical_replication_slot('canary_slot', 'canary_slot_2')
-- @ slot_changes
SELECT * FROM pg_logical_slot_get_changes('canary_slot', NULL, NULL)
-- @ slot_advance
SELECT pg_replication_slot_advance('canary_slot', '0/1')
-- @ emit_message
SELECT pg_logical_emit_message(false, 'canary', 'x')
-- @ emit_message_xact
SELECT pg_logical_emit_message(true, 'canary', 'x')
-- @ origin_create
SELECT pg_replication_origin_create('canary_origin')
-- @ origin_advance
SELECT pg_replication_origin_advance('canary_origin', '0/1')
-- @ stat_reset
SELECT pg_stat_reset()
-- @ stat_reset_shared
SELECT pg_stat_reset_shared('bgwriter')
-- @ stat_reset_table
SELECT pg_stat_reset_single_table_counters('canary'::regclass)
-- @ stat_statements_reset
SELECT pg_stat_statements_reset()
-- @ stat_reset_slru
SELECT pg_stat_reset_slru('Notify')
-- @ export_snapshot
SELECT pg_export_snapshot()
-- @ import_collations
SELECT pg_import_system_collations('public')
-- @ nextoid
SELECT pg_nextoid('pg_class', 'oid', 'pg_class_oid_index')
-- @ upgrade
SELECT binary_upgrade_set_next_pg_authid_oid(1)
-- @ pinned
SELECT pg_stop_making_pinned_objects()
-- @ wal_pause
SELECT pg_wal_replay_pause()
-- @ brin
SELECT brin_summarize_new_values('orders_customer_id_idx')
-- @ gin
SELECT gin_clean_pending_list('canary_pkey')
-- @ notify_function
SELECT pg_notify('canary', 'x')
-- @ set_config
SELECT set_config('transaction_read_only', 'off', false)
-- @ set_config_timeout
SELECT set_config('statement_timeout', '0', false), pg_sleep(20)
-- @ set_config_where
SELECT 1 FROM canary WHERE set_config('role', 'postgres', false) IS NOT NULL
-- @ set_limit
SELECT set_limit(0.5)
-- @ prewarm
SELECT pg_prewarm('orders_1')
-- @ raw_page
SELECT get_raw_page('pg_authid', 0)
-- @ raw_page_items
SELECT * FROM heap_page_items(get_raw_page('pg_authid', 0))
-- @ parent_check
SELECT bt_index_parent_check('canary_pkey'::regclass)
-- @ wal_inspect
SELECT * FROM pg_get_wal_records_info('0/1000000', '0/1000100')
-- @ truncate_visibility
SELECT pg_truncate_visibility_map('canary')
-- @ authid
SELECT rolpassword FROM pg_authid
-- @ authid_all
SELECT * FROM pg_authid
-- @ authid_table
TABLE pg_authid
-- @ authid_row
SELECT a FROM pg_authid a
-- @ authid_json
SELECT to_jsonb(a) FROM pg_authid a
-- @ authid_row_text
SELECT a::text FROM pg_authid a
-- @ authid_natural
SELECT * FROM pg_authid NATURAL JOIN pg_roles
-- @ authid_cte
WITH a AS (SELECT * FROM pg_authid) SELECT length(rolpassword) FROM a
-- @ authid_where
SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'SCRAM%'
-- @ authid_order
SELECT rolname FROM pg_authid ORDER BY rolpassword
-- @ authid_error
SELECT rolpassword::int FROM pg_authid WHERE rolpassword IS NOT NULL
-- @ authid_exists
SELECT EXISTS (SELECT FROM pg_authid WHERE rolpassword ~ '^S')
-- @ authid_max
SELECT max(rolpassword) FROM pg_authid
-- @ authid_lateral
SELECT y FROM pg_authid a, LATERAL (SELECT a.rolpassword AS y) z
-- @ authid_old_alias
SELECT rolpassword FROM pg_authid AS old
-- @ authid_old_trick
SELECT x.rolpassword FROM (SELECT pg_authid.* FROM pg_user AS old, pg_authid) x
-- @ authid_field_alias
SELECT 1 AS ":relkind v", rolpassword AS ":expr" FROM pg_authid
-- @ authid_brace_alias
SELECT rolpassword AS "{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{" FROM pg_authid
-- @ shadow
SELECT passwd FROM pg_shadow
-- @ shadow_all
SELECT * FROM pg_shadow
-- @ verifier_function
SELECT verifier()
-- @ verifier_plpgsql
SELECT verifier_plpgsql()
-- @ verifier_view
SELECT * FROM verifiers
-- @ user_mapping
SELECT umoptions FROM pg_user_mapping
-- @ user_mappings
SELECT * FROM pg_user_mappings
-- @ user_mapping_options
SELECT * FROM information_schema.user_mapping_options
-- @ subscription
SELECT subconninfo FROM pg_subscription
-- @ subscription_all
SELECT * FROM pg_subscription
-- @ statistics_of_authid
SELECT array_to_string(histogram_bounds::text::text[], '#') FROM pg_stats WHERE tablename = 'pg_authid'
-- @ statistics_shown
SELECT * FROM pg_stats WHERE tablename = 'pg_authid'
-- @ statistic_table
SELECT stavalues1::text FROM pg_statistic WHERE starelid = 'pg_authid'::regclass
-- @ settings_shown
SELECT * FROM pg_settings
-- @ settings_value
SELECT setting FROM pg_settings WHERE name = 'corpus.api_token'
-- @ settings_worked_with
SELECT reverse(setting) FROM pg_settings
-- @ settings_letters
SELECT name FROM pg_settings WHERE setting LIKE 'CANARY%'
-- @ settings_error
SELECT setting::int FROM pg_settings WHERE name LIKE 'primary%'
-- @ settings_aggregate
SELECT string_agg(reverse(setting), ',') FROM pg_settings
-- @ settings_function
SELECT reverse(s.setting) FROM pg_show_all_settings() s
-- @ settings_subquery
SELECT upper(x) FROM (SELECT setting AS x FROM pg_settings) y
-- @ settings_using
SELECT reverse(setting) FROM pg_settings FULL JOIN (VALUES ('x')) v(setting) USING (setting)
-- @ settings_row
SELECT encode(s::text::bytea, 'hex') FROM pg_settings s
-- @ setting_current
SELECT current_setting('corpus.api_token')
-- @ setting_current_dynamic
SELECT reverse(current_setting('corpus.' || 'api_token'))
-- @ setting_conninfo
SELECT reverse(current_setting('primary_conninfo'))
-- @ show_secret
SHOW corpus.api_token
-- @ show_conninfo
SHOW primary_conninfo
-- @ show_all
SHOW ALL
-- @ file_settings
SELECT reverse(setting) FROM pg_file_settings
-- @ role_settings
SELECT reverse(setconfig::text) FROM pg_db_role_setting
-- @ role_config
SELECT rolconfig FROM pg_roles WHERE rolname = 'corpus_victim'
-- @ role_config_worked_with
SELECT upper(rolconfig::text) FROM pg_roles
-- @ customer_password
SELECT * FROM customer
-- @ customer_password_alias
SELECT password AS p, extra FROM customer
-- @ customer_token
SELECT extra FROM customer
-- @ error_with_secret
SELECT ('password=CANARYSECRET1 host=' || name)::int FROM customer
-- @ half_statement
SELECT (
-- @ open_comment
SELECT 1 /* DELETE
-- @ open_quote
SELECT 'x
-- @ nothing
   ;
-- @ nonsense
FROM WHERE
-- @ backslash
\copy canary to '{file}'
-- @ semicolons_only
;;;
