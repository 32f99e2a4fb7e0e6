-- Statements that are allowed and never end, or bring back more than anybody can hold. Each begins at a line "-- @ name".

-- @ recursive
WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT count(*) FROM a
-- @ recursive_rows
WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT n, repeat('x', 1000) FROM a
-- @ recursive_doubling
WITH RECURSIVE a(t) AS (SELECT 'x' UNION ALL SELECT t || t FROM a) SELECT max(length(t)) FROM a
-- @ cartesian
SELECT count(*) FROM orders a, orders b, orders c, orders d
-- @ cartesian_sorted
SELECT a.*, b.* FROM orders a, orders b, orders c ORDER BY a.total || b.total::text
-- @ series
SELECT * FROM generate_series(1, 100000000)
-- @ series_in_the_list
SELECT generate_series(1, 10000000000), repeat('x', 100)
-- @ large_cell
SELECT repeat('x', 900000000)
-- @ large_cells
SELECT repeat('x', 5000000) FROM generate_series(1, 1000)
-- @ large_bytes
SELECT decode(repeat('00', 300000000), 'hex')
-- @ large_error
SELECT repeat('x', 200000000)::int
-- @ large_error_hidden
SELECT CASE WHEN g > 1 THEN repeat('x', 100000000)::numeric ELSE 1 END FROM generate_series(1, 2) g
-- @ large_json
SELECT jsonb_agg(g) FROM generate_series(1, 1500000) g
-- @ deep_json
SELECT (repeat('[', 3000) || repeat(']', 3000))::json
-- @ deeper_json
SELECT (repeat('[', 1000000) || repeat(']', 1000000))::json
-- @ deep_xml
SELECT xmlparse(content repeat('<a>', 100000) || repeat('</a>', 100000))
-- @ large_array
SELECT array_agg(g) FROM generate_series(1, 1500000) g
-- @ many_small_cells
SELECT g, g, g, g, g, g, g, g, g, g, g, g, g, g, g, g, g, g, g, g, g, g, g, g FROM generate_series(1, 1000000) g
-- @ regular_expression
SELECT repeat('a', 5000) ~ '(((((a+)+)+)+)+)b\1'
-- @ regular_expression_large
SELECT 'x' ~ ('(' || repeat('a{1,200}', 60) || '){1,200}')
-- @ regular_expression_replace
SELECT regexp_replace(repeat('ab', 100000), '(.*)*(.*)*c\1', '', 'g')
-- @ like
SELECT repeat('a', 100000) LIKE repeat('%a', 2000) || 'b'
-- @ number
SELECT 9::numeric ^ 99999 ^ 2
-- @ factorial
SELECT factorial(30000) * factorial(30001)
-- @ levenshtein
SELECT count(*) FROM orders a, orders b WHERE levenshtein(repeat(a.id::text, 60), repeat(b.id::text, 60)) > 1
-- @ text_search
SELECT to_tsvector(string_agg(md5(g::text), ' ')) FROM generate_series(1, 400000) g
-- @ views_upon_views
SELECT count(*) FROM {views}
-- @ views_that_fit
EXPLAIN SELECT count(*) FROM {some views}
-- @ star_upon_star
SELECT {stars} FROM information_schema.columns c
-- @ joins
SELECT 1 FROM {joins}
-- @ parentheses
SELECT {parentheses}
-- @ operators
SELECT {operators}
-- @ negations
SELECT {negations} true
-- @ subqueries
{subqueries}
-- @ columns
SELECT {columns}
-- @ cases
SELECT {cases}
-- @ long
SELECT '{long}'
