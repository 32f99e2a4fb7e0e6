-- title: Bloated TOAST table
-- severity: warning
-- threshold: min_bytes = 1 MB; wasted at least (our choice: less is not worth a lock)
-- threshold: min_percent = 50 %; of the TOAST table (our choice, as for tables)
-- says: The TOAST table of {object} takes {bytes}; its {chunks} chunks need {needed_bytes} at most, so that {wasted_percent} of it is empty.
-- why: It takes room on disk and in backups, and only new large values of this table can fill it.
-- hint: Plain VACUUM does not give it back. Rewrite the table in a quiet hour, or with pg_repack, which locks it only for moments.
-- fix: VACUUM (FULL, ANALYZE) {object};
-- lock: ACCESS EXCLUSIVE on {object} while the whole table is written anew
-- source: PostgreSQL documentation, "Out-of-Line, On-Disk TOAST Storage": a chunk has at most a quarter of a page
-- examined: {vacuumed} tables and their TOAST tables

-- Pages and chunks are of the same moment, that of the last VACUUM. Each chunk is counted as a full one, so that the
-- waste is never told too high.
SELECT
    v.object,
    v.bytes,
    v.rows_at_analyze AS chunks,
    v.rows_at_analyze * current_setting('block_size')::int8 / 4 AS needed_bytes,
    100 * (1 - v.rows_at_analyze * current_setting('block_size')::int8 / 4 / v.bytes) AS wasted_percent,
    v.bytes - v.rows_at_analyze * current_setting('block_size')::int8 / 4 AS weight
FROM vacuumed AS v
WHERE v.is_toast AND v.rows_at_analyze >= 0
    AND v.bytes - v.rows_at_analyze * current_setting('block_size')::int8 / 4
    >= greatest(:min_bytes, v.bytes * :min_percent / 100)
