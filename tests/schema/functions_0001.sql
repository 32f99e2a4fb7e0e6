-- The two trigger functions of json_store. %(schema)s is the schema of the store's tables.
--
-- They run as their owner (SECURITY DEFINER): the dashboard's role needs no right on json_store_revision, so
-- nothing we add can make its statements fail for lack of one. search_path is pinned, names are qualified, and
-- nobody else may hang them on a table of his own (EXECUTE is taken from PUBLIC).
--
-- pg_dump and pg_restore make triggers after the data is in, and a logical subscriber does not fire them: both carry
-- revisions over as they are. Only a data-only restore fires them; it wants --disable-triggers.

-- Numbers the changes of a document. The number goes on from the highest one ever kept, so that a row deleted and
-- made again, or brought back from an older backup, never takes the number of a kept revision. An INSERT that ends
-- in DO UPDATE comes here twice; the second time counts.
CREATE OR REPLACE FUNCTION %(schema)s.json_store_count() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.kind = OLD.kind AND NEW.data = OLD.data
        AND nullif(current_setting('switchbot.token', true), '') IS NULL
    THEN
        -- The dashboard rewrites an unchanged state several times a tick: that is no new revision. With a token it
        -- is one, because its writer may have to find out whether its commit happened.
        NEW.revision := OLD.revision;
    ELSIF TG_OP = 'UPDATE' THEN
        NEW.revision := 1 + greatest(OLD.revision, (
            SELECT kept.revision FROM %(schema)s.json_store_revision AS kept
            WHERE kept.kind = NEW.kind ORDER BY kept.revision DESC LIMIT 1));
    ELSE
        -- Without any kept revision a number that comes with the row (COPY from a dump) is taken as it is.
        NEW.revision := coalesce(1 + (
            SELECT kept.revision FROM %(schema)s.json_store_revision AS kept
            WHERE kept.kind = NEW.kind ORDER BY kept.revision DESC LIMIT 1), NEW.revision, 1);
    END IF;
    RETURN NEW;
END
$function$;

-- Keeps the written value. Who and why come from transaction-local settings that our own writers set; a writer
-- that sets none (the dashboard, psql) is named by its application and role.
CREATE OR REPLACE FUNCTION %(schema)s.json_store_keep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    -- Settings change by hand and are worth going back to; the state changes five times a tick.
    kept_revisions constant bigint := CASE NEW.kind WHEN 'settings' THEN 1000 ELSE 200 END;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.kind = OLD.kind AND NEW.revision = OLD.revision THEN
        RETURN NULL;
    END IF;
    -- A conflict takes two sessions that delete and make the same row at once. It must not fail their write.
    INSERT INTO %(schema)s.json_store_revision AS kept (kind, revision, data, writer, reason, token)
    VALUES (
        NEW.kind, NEW.revision, NEW.data,
        left(coalesce(
            nullif(current_setting('switchbot.writer', true), ''),
            concat_ws(' as ', nullif(current_setting('application_name', true), ''), session_user)), 150),
        left(coalesce(current_setting('switchbot.reason', true), ''), 200),
        nullif(current_setting('switchbot.token', true), '')::uuid)
    ON CONFLICT (kind, revision) DO UPDATE SET
        data = excluded.data, written_at = excluded.written_at, writer = excluded.writer,
        reason = excluded.reason, token = excluded.token;
    -- Numbers have no gaps, so this leaves the newest ones; it finds one row by the primary key.
    DELETE FROM %(schema)s.json_store_revision AS kept
    WHERE kept.kind = NEW.kind AND kept.revision <= NEW.revision - kept_revisions;
    RETURN NULL;
END
$function$;
