-- The batches of one spool, whose ids all begin alike.
SELECT id FROM history_replay WHERE id BETWEEN %(first)s AND %(last)s
