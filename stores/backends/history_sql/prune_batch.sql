-- Deletes the oldest %(batch)s readings of [since, cutoff). `since` follows the newest deleted one, so that a batch
-- does not walk over the index entries that the batches before it left dead. Rows that somebody holds are left.
WITH gone AS (
    DELETE FROM state_history
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM state_history
        WHERE "timestamp" >= %(since)s::timestamptz AND "timestamp" < %(cutoff)s
        ORDER BY "timestamp"
        LIMIT %(batch)s
        FOR UPDATE SKIP LOCKED))
    RETURNING "timestamp"
)
SELECT count(*), coalesce(max("timestamp"), %(since)s::timestamptz)::text FROM gone
