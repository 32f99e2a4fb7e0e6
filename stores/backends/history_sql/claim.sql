-- Takes a batch: no row where an earlier try has committed it; where one is still under way, it waits for its end.
-- Ids that nobody will try again go; one that somebody else deletes just now is left to him.
WITH forgotten AS (
    DELETE FROM history_replay
    WHERE id = ANY (ARRAY(
        SELECT old.id FROM history_replay AS old WHERE old.id = ANY (%(forget)s::uuid[]) FOR UPDATE SKIP LOCKED))
)
INSERT INTO history_replay (id, rows) VALUES (%(id)s, %(rows)s) ON CONFLICT (id) DO NOTHING
