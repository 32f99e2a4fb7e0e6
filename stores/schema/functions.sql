-- The two trigger functions of json_store. %(schema)s is the schema of the store's tables.
--
-- They run as their owner (SECURITY DEFINER): the dashboard's role needs no right on json_store_revision, so
-- nothing we add can make its statements fail for lack of one. search_path is pinned, names are qualified.

-- Counts the writes. An insert goes on from the highest revision ever kept, so that a row deleted and made
-- again does not reuse a number.
CREATE OR REPLACE FUNCTION %(schema)s.json_store_count() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        NEW.revision := OLD.revision + 1;
    ELSE
        NEW.revision := 1 + coalesce(
            (SELECT max(kept.revision) FROM %(schema)s.json_store_revision AS kept WHERE kept.kind = NEW.kind), 0);
    END IF;
    RETURN NEW;
END
$function$;

-- Keeps the written value. Who and why come from transaction-local settings that our own writers set; a writer
-- that sets none (the dashboard, psql) is named by its application and role. A write that changes nothing and
-- carries no token is not kept again: the dashboard rewrites an unchanged state at every tick.
CREATE OR REPLACE FUNCTION %(schema)s.json_store_keep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    -- Settings change by hand and are worth going back to; the state changes five times a tick.
    kept_revisions constant bigint := CASE NEW.kind WHEN 'settings' THEN 1000 ELSE 200 END;
    write_token constant text := nullif(current_setting('switchbot.token', true), '');
BEGIN
    IF TG_OP = 'UPDATE' AND write_token IS NULL AND NEW.data = OLD.data THEN
        RETURN NULL;
    END IF;
    INSERT INTO %(schema)s.json_store_revision (kind, revision, data, writer, reason, token)
    VALUES (
        NEW.kind, NEW.revision, NEW.data,
        left(coalesce(
            nullif(current_setting('switchbot.writer', true), ''),
            concat_ws(' as ', nullif(current_setting('application_name', true), ''), session_user)), 150),
        left(coalesce(current_setting('switchbot.reason', true), ''), 200),
        write_token::uuid);
    DELETE FROM %(schema)s.json_store_revision AS kept
    WHERE kept.kind = NEW.kind AND kept.revision <= NEW.revision - kept_revisions;
    RETURN NULL;
END
$function$;
