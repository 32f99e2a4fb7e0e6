-- Half a year of a provider's homes: %(rows)s rows in each large table, a day's rows side by side. The same rows on
-- every machine: chance is a hash of the row's number.
CREATE FUNCTION pg_temp.pick(number bigint, salt bigint, choices bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS 'SELECT (hashint8extended(number, salt) & 9223372036854775807) % choices';

-- Few devices speak often, most seldom.
CREATE FUNCTION pg_temp.device(number bigint, salt bigint) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS 'SELECT 1 + floor(%(devices)s * ((hashint8extended(number, salt) & 1048575) / 1048576.0::float8) ^ 2)::integer';

CREATE FUNCTION pg_temp.moment(number bigint, salt bigint) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
SELECT timestamptz '2026-05-01 00:00:00+00'
    + (number * (180 * 86400.0::float8 / %(rows)s) + (hashint8extended(number, salt) & 31)) * interval '1 second'
$$;

INSERT INTO homes
SELECT
    i,
    (ARRAY['Anna', 'Bruno', 'Chloe', 'David', 'Emma', 'Felix', 'Greta', 'Hugo'])[1 + i % 8] || '.'
    || i || '@' || (ARRAY['example.com', 'Example.org', 'mail.example.net'])[1 + i % 3],
    (ARRAY['Paris', 'Lyon', 'Lille', 'Nantes', 'Nice', 'Rennes', 'Brest', 'Tours'])[1 + pg_temp.pick(i, 3, 8)],
    (ARRAY['free', 'free', 'free', 'plus', 'pro'])[1 + pg_temp.pick(i, 4, 5)],
    timestamptz '2024-01-01 00:00:00+00' + i * interval '4 hours'
FROM generate_series(1, %(homes)s) AS i;

INSERT INTO devices
SELECT
    i,
    1 + pg_temp.pick(i, 5, %(homes)s),
    'SB-' || upper(substr(md5('serial' || i), 1, 12)),
    (ARRAY['meter', 'meter', 'meter', 'hub', 'aircon', 'plug', 'contact'])[1 + pg_temp.pick(i, 6, 7)],
    (ARRAY['kitchen', 'bedroom', 'office', 'hall', 'bath', 'attic'])[1 + pg_temp.pick(i, 7, 6)],
    '3.' || pg_temp.pick(i, 8, 9) || '.' || pg_temp.pick(i, 9, 20),
    CASE WHEN pg_temp.pick(i, 10, 12) = 0 THEN timestamptz '2026-06-01 00:00:00+00' + pg_temp.pick(i, 11, 150) * interval '1 day' END,
    jsonb_build_object('interval', 30 * (1 + pg_temp.pick(i, 12, 4)), 'offset', pg_temp.pick(i, 13, 9) / 10.0)
FROM generate_series(1, %(devices)s) AS i;

INSERT INTO readings
SELECT
    i,
    pg_temp.device(i, 20),
    pg_temp.moment(i, 21),
    pg_temp.moment(i, 21) + pg_temp.pick(i, 22, 5000) * interval '1 millisecond',
    (8 + pg_temp.pick(i, 23, 140) / 10.0 + pg_temp.pick(i, 24, 140) / 10.0)::numeric(4, 1),
    (30 + pg_temp.pick(i, 25, 500) / 10.0)::numeric(4, 1),
    (100 - 100 * sqrt(pg_temp.pick(i, 26, 10000) / 10000.0))::smallint,
    (-40 - pg_temp.pick(i, 27, 55))::smallint,
    pg_temp.pick(i, 28, 400) = 0
FROM generate_series(1, %(rows)s) AS i;

INSERT INTO state_history
(timestamp, temperature, humidity, assumed_aircon_power, last_action, api_requests_today, error_count,
    last_temperature_stale, timezone, metadata)
SELECT
    pg_temp.moment(i, 30),
    (14 + pg_temp.pick(i, 31, 120) / 10.0)::numeric(4, 1),
    (30 + pg_temp.pick(i, 32, 500) / 10.0)::numeric(4, 1),
    CASE WHEN pg_temp.pick(i, 33, 500) = 0 THEN 'unknown' WHEN pg_temp.pick(i, 34, 3) = 0 THEN 'on' ELSE 'off' END,
    CASE pg_temp.pick(i, 35, 900)
        WHEN 0 THEN 'setAll failed: device offline'
        WHEN 1 THEN 'setAll failed: quota exhausted'
        WHEN 2 THEN 'scene refused by hub'
        ELSE 'setAll ' || (18 + pg_temp.pick(i, 36, 8)) || ',2,' || (1 + pg_temp.pick(i, 37, 4)) || ',on'
    END,
    pg_temp.pick(i, 38, 10000)::integer,
    CASE WHEN pg_temp.pick(i, 39, 300) = 0 THEN 1 + pg_temp.pick(i, 40, 9)::integer ELSE 0 END,
    pg_temp.pick(i, 41, 250) = 0,
    'Europe/Paris',
    jsonb_build_object(
        'last_tick', to_char(pg_temp.moment(i, 30), 'YYYY-MM-DD"T"HH24:MI:SS'),
        'automation_active', pg_temp.pick(i, 42, 10) > 0,
        'rule', 'rule-' || pg_temp.pick(i, 43, 4000)
    )
    || CASE WHEN pg_temp.pick(i, 44, 50) = 0
        THEN jsonb_build_object('pending_off_repeat', jsonb_build_object('remaining', 1 + pg_temp.pick(i, 45, 40)))
        ELSE '{"pending_off_repeat": null}'
    END
FROM generate_series(1, %(rows)s) AS i;

INSERT INTO events
SELECT
    i,
    pg_temp.device(i, 50),
    (ARRAY['command', 'command', 'answer', 'answer', 'poll', 'poll', 'poll', 'poll', 'sync', 'sync', 'sync'])[1 + pg_temp.pick(i, 51, 11)],
    'home/' || (1 + pg_temp.pick(i, 52, %(homes)s)) || '/'
    || (ARRAY['kitchen', 'bedroom', 'office', 'hall', 'bath', 'attic'])[1 + pg_temp.pick(i, 53, 6)]
    || (ARRAY['/meter', '/aircon', '/hub'])[1 + pg_temp.pick(i, 54, 3)],
    pg_temp.moment(i, 55),
    pg_temp.moment(i, 55) + pg_temp.pick(i, 56, 90) * interval '1 second',
    pg_temp.pick(i, 57, 700) > 0,
    md5('request' || i)::uuid,
    CASE pg_temp.pick(i, 58, 2500)
        WHEN 0 THEN 'Filter clogged on aircon ' || pg_temp.pick(i, 59, 3000) || ', call the service'
        WHEN 1 THEN 'Compressor stalled, restart no. ' || pg_temp.pick(i, 59, 3000)
        WHEN 2 THEN 'Defrost ended early after ' || pg_temp.pick(i, 59, 3000) || ' s'
        ELSE CASE pg_temp.pick(i, 60, 5)
            WHEN 0 THEN (ARRAY['Scene', 'Rule', 'Schedule', 'Operator'])[1 + pg_temp.pick(i, 61, 4)] || ' sent '
                || (ARRAY['on', 'off', 'cool', 'heat', 'fan'])[1 + pg_temp.pick(i, 62, 5)] || ', answered in '
                || pg_temp.pick(i, 63, 900) || ' ms'
        END
    END,
    jsonb_build_object(
        'code', 'E' || pg_temp.pick(i, 64, 5000),
        'ms', pg_temp.pick(i, 65, 900),
        'source', 'hub-' || pg_temp.pick(i, 66, 800)
    )
FROM generate_series(1, %(rows)s) AS i;

INSERT INTO notes
SELECT
    i,
    pg_temp.device(i, 70),
    timestamptz '2026-05-01 00:00:00+00' + i * (interval '180 days' / %(notes)s),
    (ARRAY['anna', 'bruno', 'chloe', 'david'])[1 + pg_temp.pick(i, 71, 4)],
    (
        SELECT string_agg(
            (ARRAY['the', 'meter', 'was', 'moved', 'because', 'reading', 'looked', 'wrong', 'window', 'open', 'sun', 'battery',
                'changed', 'again', 'customer', 'called', 'room', 'too', 'warm', 'cold', 'hub', 'restarted', 'after', 'update'])
            [1 + pg_temp.pick(i, 100 + word, 24)],
            ' ' ORDER BY word
        )
        FROM generate_series(1, 12) AS word
    ) || CASE pg_temp.pick(i, 72, 400) WHEN 0 THEN ' thermostat replaced' WHEN 1 THEN ' condensate leaking' ELSE '' END
FROM generate_series(1, %(notes)s) AS i;

INSERT INTO automation_state
SELECT
    device,
    key,
    jsonb_build_object('value', pg_temp.pick(device * 10 + ordinality, 80, 100)),
    timestamptz '2026-10-28 00:00:00+00' - pg_temp.pick(device * 10 + ordinality, 81, 15000000) * interval '1 second'
FROM generate_series(1, %(devices)s) AS device,
    unnest(ARRAY['last_error', 'last_tick', 'mode', 'power', 'target', 'lock', 'quota', 'scene', 'window', 'offset'])
    WITH ORDINALITY AS keys (key, ordinality);
