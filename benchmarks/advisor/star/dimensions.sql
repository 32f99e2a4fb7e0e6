-- The same rows on every machine: chance is a hash of the row's number.
CREATE FUNCTION pg_temp.pick(number bigint, salt bigint, choices bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS 'SELECT (hashint8extended(number, salt) & 9223372036854775807) % choices';

CREATE FUNCTION pg_temp.one_of(number bigint, salt bigint, variadic choices text []) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS 'SELECT choices[1 + pg_temp.pick(number, salt, array_length(choices, 1))]';

INSERT INTO dates
SELECT
    i,
    day,
    extract(YEAR FROM day),
    extract(MONTH FROM day),
    extract(DAY FROM day),
    extract(QUARTER FROM day),
    extract(DOW FROM day),
    extract(YEAR FROM day) * 12 + extract(MONTH FROM day) - 1,
    i / 7,
    to_char(day, 'FMDay')
FROM generate_series(0, 2555) AS i, LATERAL (SELECT date '2019-01-01' + i AS day) AS one;

INSERT INTO times
SELECT
    i,
    i / 3600,
    i % 3600 / 60,
    CASE WHEN i / 3600 BETWEEN 6 AND 8 THEN 'breakfast' WHEN i / 3600 BETWEEN 17 AND 20 THEN 'dinner' END
FROM generate_series(0, 86399) AS i;

INSERT INTO item
SELECT
    i,
    'ITEM' || lpad(i::text, 12, '0'),
    repeat(md5('item' || i) || ' ', 1 + pg_temp.pick(i, 1, 4)::integer),
    1 + pg_temp.pick(i, 2, 9900) / 100.0,
    pg_temp.pick(i, 3, 700),
    'brand #' || pg_temp.pick(i, 3, 700),
    'class ' || pg_temp.pick(i, 4, 100),
    pg_temp.one_of(i, 5, 'Books', 'Children', 'Electronics', 'Home', 'Jewelry', 'Men', 'Music', 'Shoes', 'Sports', 'Women'),
    pg_temp.pick(i, 6, 1000),
    pg_temp.pick(i, 7, 100),
    pg_temp.one_of(i, 8, 'red', 'green', 'blue', 'white', 'black', 'plum', 'peach', 'navy', 'olive', 'coral', 'khaki', 'ivory'),
    pg_temp.one_of(i, 9, 'small', 'medium', 'large', 'extra large', 'petite', 'N/A')
FROM generate_series(1, %(items)s) AS i;

INSERT INTO address
SELECT
    i,
    'city ' || pg_temp.pick(i, 10, 600),
    'county ' || pg_temp.pick(i, 11, 1800),
    'S' || chr(65 + pg_temp.pick(i, 12, 25)::integer),
    lpad(pg_temp.pick(i, 13, 7000)::text, 5, '0'),
    -5 - pg_temp.pick(i, 14, 4)
FROM generate_series(1, %(customers)s / 2) AS i;

INSERT INTO customer_group
SELECT
    i,
    pg_temp.one_of(i, 15, 'M', 'F'),
    pg_temp.one_of(i, 16, 'S', 'M', 'D', 'W', 'U'),
    pg_temp.one_of(i, 17, 'Primary', 'Secondary', 'College', '2 yr Degree', '4 yr Degree', 'Advanced Degree', 'Unknown'),
    500 * (1 + pg_temp.pick(i, 18, 20)),
    pg_temp.one_of(i, 19, 'Good', 'High Risk', 'Low Risk', 'Unknown'),
    pg_temp.pick(i, 20, 7)
FROM generate_series(1, 20000) AS i;

INSERT INTO household
SELECT
    i,
    1 + pg_temp.pick(i, 21, 20),
    pg_temp.one_of(i, 22, '0-500', '501-1000', '1001-5000', '5001-10000', '>10000', 'Unknown'),
    pg_temp.pick(i, 23, 10),
    pg_temp.pick(i, 24, 6) - 1
FROM generate_series(1, 7200) AS i;

INSERT INTO customer
SELECT
    i,
    'CUST' || lpad(i::text, 12, '0'),
    1 + pg_temp.pick(i, 25, 20000),
    1 + pg_temp.pick(i, 26, 7200),
    1 + pg_temp.pick(i, 27, %(customers)s / 2),
    'first ' || pg_temp.pick(i, 28, 3000),
    'last ' || pg_temp.pick(i, 29, 5000),
    pg_temp.one_of(i, 30, 'Y', 'N'),
    1 + pg_temp.pick(i, 31, 12),
    1930 + pg_temp.pick(i, 32, 70),
    'country ' || pg_temp.pick(i, 33, 200)
FROM generate_series(1, %(customers)s) AS i;

INSERT INTO place
SELECT i, 'place ' || i, 'city ' || pg_temp.pick(i, 34, 8), 'county ' || pg_temp.pick(i, 35, 6),
    'S' || chr(65 + pg_temp.pick(i, 36, 5)::integer), 200 + pg_temp.pick(i, 37, 100), -5 - pg_temp.pick(i, 38, 2)
FROM generate_series(1, 24) AS i;

INSERT INTO promotion
SELECT i, pg_temp.one_of(i, 39, 'Y', 'N'), pg_temp.one_of(i, 40, 'Y', 'N'), pg_temp.one_of(i, 41, 'Y', 'N')
FROM generate_series(1, 300) AS i;

INSERT INTO warehouse SELECT i, 'warehouse ' || i, 'S' || chr(64 + i) FROM generate_series(1, 5) AS i;

-- Every fourth week, every second item.
INSERT INTO inventory
SELECT week * 28, item * 2, warehouse, pg_temp.pick(week * 100000 + item * 10 + warehouse, 42, 1000)
FROM generate_series(0, 2555 / 28) AS week,
    generate_series(1, %(items)s / 2) AS item,
    generate_series(1, 5) AS warehouse
WHERE pg_temp.pick(week * 100000 + item * 10 + warehouse, 43, 2) = 0;
