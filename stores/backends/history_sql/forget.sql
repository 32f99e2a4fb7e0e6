-- Ids of batches that nobody will try again, and what is left of spools that are no more.
DELETE FROM history_replay
WHERE id = ANY (ARRAY(
    SELECT old.id FROM history_replay AS old
    WHERE old.id = ANY (%(ids)s::uuid[])
       OR old.replayed_at < clock_timestamp() - interval '1 year' AND NOT old.id BETWEEN %(first)s AND %(last)s
    FOR UPDATE SKIP LOCKED))
