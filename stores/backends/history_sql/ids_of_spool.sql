-- The batches of one spool, whose ids all begin alike, that were written so long ago that nobody has a copy of their files.
SELECT id FROM history_replay
WHERE id BETWEEN %(first)s AND %(last)s AND replayed_at < clock_timestamp() - interval '3 days'
