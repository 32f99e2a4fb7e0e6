-- Fifteen patterns of TPC-DS; each stands for six queries: three channels, two sets of constants.
-- noqa: disable=AM03,AM06,AL04

-- name: brand_by_year
SELECT d_year, i_brand_id, i_brand, sum(%(sales)s_sales_price) AS total
FROM dates, %(channel)s_sales, item
WHERE d_id = %(sales)s_date_id AND %(sales)s_item_id = i_id AND i_manufact_id = %(manufact)s AND d_moy = %(moy)s
GROUP BY d_year, i_brand, i_brand_id
ORDER BY d_year, total DESC, i_brand_id
LIMIT 100;

-- name: brand_of_manager
SELECT i_brand_id, i_brand, i_manufact_id, sum(%(sales)s_net_paid) AS total
FROM dates, %(channel)s_sales, item, customer, address, place
WHERE
    d_id = %(sales)s_date_id
    AND %(sales)s_item_id = i_id
    AND i_manager_id = %(manager)s
    AND d_moy = %(moy)s
    AND d_year = %(year)s
    AND %(sales)s_customer_id = c_id
    AND c_ca_id = ca_id
    AND substr(ca_zip, 1, 3) <> '0%(dom)s'
    AND %(sales)s_place_id = s_id
GROUP BY i_brand, i_brand_id, i_manufact_id
ORDER BY total DESC, i_brand
LIMIT 100;

-- name: group_averages
SELECT i_code, avg(%(sales)s_quantity), avg(%(sales)s_list_price), avg(%(sales)s_discount), avg(%(sales)s_sales_price)
FROM %(channel)s_sales, customer_group, dates, item, promotion
WHERE
    %(sales)s_date_id = d_id
    AND %(sales)s_item_id = i_id
    AND %(sales)s_cd_id = cd_id
    AND %(sales)s_promo_id = p_id
    AND cd_gender = '%(gender)s'
    AND cd_marital = '%(marital)s'
    AND cd_education = '%(education)s'
    AND (p_email = 'N' OR p_event = 'N')
    AND d_year = %(year)s
GROUP BY i_code
ORDER BY i_code
LIMIT 100;

-- name: frequent_buyers
SELECT c_last_name, c_first_name, c_preferred, ticket, lines
FROM (
    SELECT %(sales)s_ticket AS ticket, %(sales)s_customer_id AS buyer, count(*) AS lines
    FROM %(channel)s_sales, dates, place, household
    WHERE
        %(sales)s_date_id = d_id
        AND %(sales)s_place_id = s_id
        AND %(sales)s_hd_id = hd_id
        AND d_dom BETWEEN 1 AND 2
        AND (hd_buy_potential = '>10000' OR hd_buy_potential = 'Unknown')
        AND hd_vehicles > 0
        AND d_year IN (%(year)s, %(year)s + 1)
        AND s_county = 'county %(county)s'
    GROUP BY %(sales)s_ticket, %(sales)s_customer_id
) AS tickets, customer
WHERE buyer = c_id AND lines BETWEEN 1 AND 5
ORDER BY lines DESC, c_last_name;

-- name: sold_and_returned
SELECT i_code, i_description, s_name, sum(%(sales)s_net_profit), sum(%(returns)s_net_loss)
FROM %(channel)s_sales, %(channel)s_returns, dates AS d1, dates AS d2, place, item
WHERE
    d1.d_moy = %(moy)s
    AND d1.d_year = %(year)s
    AND d1.d_id = %(sales)s_date_id
    AND i_id = %(sales)s_item_id
    AND s_id = %(sales)s_place_id
    AND %(sales)s_customer_id = %(returns)s_customer_id
    AND %(sales)s_item_id = %(returns)s_item_id
    AND %(sales)s_ticket = %(returns)s_ticket
    AND %(returns)s_date_id = d2.d_id
    AND d2.d_moy BETWEEN %(moy)s AND %(moy)s + 3
    AND d2.d_year = %(year)s
GROUP BY i_code, i_description, s_name
ORDER BY i_code, i_description, s_name
LIMIT 100;

-- name: manufacturers_of_colour
WITH one AS (
    SELECT i_manufact_id, sum(%(sales)s_sales_price) AS total
    FROM %(channel)s_sales, dates, address, item
    WHERE
        i_manufact_id IN (SELECT i_manufact_id FROM item WHERE i_color = '%(color)s' AND i_size = 'petite')
        AND %(sales)s_item_id = i_id
        AND %(sales)s_date_id = d_id
        AND d_year = %(year)s
        AND d_moy = %(moy)s
        AND %(sales)s_ca_id = ca_id
        AND ca_gmt_offset = -5
    GROUP BY i_manufact_id
),

two AS (
    SELECT i_manufact_id, sum(%(sales)s_sales_price) AS total
    FROM %(channel)s_sales, dates, item
    WHERE %(sales)s_item_id = i_id AND i_color = '%(color)s' AND %(sales)s_date_id = d_id AND d_year = %(year)s - 1
    GROUP BY i_manufact_id
)

SELECT i_manufact_id, sum(total) AS total
FROM (SELECT * FROM one UNION ALL SELECT * FROM two) AS both_years
GROUP BY i_manufact_id
ORDER BY total
LIMIT 100;

-- name: buyers_elsewhere
SELECT cd_gender, cd_marital, cd_education, count(*)
FROM customer AS c, address AS ca, customer_group
WHERE
    c.c_ca_id = ca.ca_id
    AND ca_county IN ('county %(manufact)s', 'county %(manager)s', 'county 1%(dom)s', 'county 7')
    AND cd_id = c.c_cd_id
    AND EXISTS (
        SELECT * FROM %(channel)s_sales, dates
        WHERE c.c_id = %(sales)s_customer_id AND %(sales)s_date_id = d_id AND d_year = %(year)s AND d_moy BETWEEN 2 AND 5
    )
    AND NOT EXISTS (
        SELECT * FROM %(channel)s_returns, dates
        WHERE c.c_id = %(returns)s_customer_id AND %(returns)s_date_id = d_id AND d_year = %(year)s
    )
GROUP BY cd_gender, cd_marital, cd_education
ORDER BY cd_gender, cd_marital, cd_education
LIMIT 100;

-- name: stock_in_price_range
SELECT i_code, i_description, i_price
FROM item, inventory, dates, %(channel)s_sales
WHERE
    i_price BETWEEN %(dom)s AND %(dom)s + 10
    AND inv_item_id = i_id
    AND d_id = inv_date_id
    AND d_date BETWEEN date '%(year)s-0%(quarter)s-01' AND date '%(year)s-0%(quarter)s-01' + 60
    AND i_manufact_id IN (%(manufact)s, %(manufact)s + 1, %(manufact)s + 2, %(manufact)s + 3)
    AND inv_quantity BETWEEN 100 AND 500
    AND %(sales)s_item_id = i_id
GROUP BY i_code, i_description, i_price
ORDER BY i_code
LIMIT 100;

-- name: returns_above_average
SELECT c_code
FROM (
    SELECT buyer, place, total, avg(total) OVER (PARTITION BY place) AS usual
    FROM (
        SELECT %(returns)s_customer_id AS buyer, %(returns)s_place_id AS place, sum(%(returns)s_amount) AS total
        FROM %(channel)s_returns, dates
        WHERE %(returns)s_date_id = d_id AND d_year = %(year)s
        GROUP BY %(returns)s_customer_id, %(returns)s_place_id
    ) AS returned
) AS compared, place, customer
WHERE total > usual * 1.2 AND s_id = place AND s_state = 'SA' AND buyer = c_id
ORDER BY c_code
LIMIT 100;

-- name: class_share
SELECT
    i_code,
    i_category,
    i_class,
    sum(%(sales)s_net_paid) AS revenue,
    sum(%(sales)s_net_paid) * 100 / sum(sum(%(sales)s_net_paid)) OVER (PARTITION BY i_class) AS ratio
FROM %(channel)s_sales, item, dates
WHERE
    %(sales)s_item_id = i_id
    AND i_category IN ('Sports', 'Books', '%(category)s')
    AND %(sales)s_date_id = d_id
    AND d_date BETWEEN date '%(year)s-0%(quarter)s-10' AND date '%(year)s-0%(quarter)s-10' + 30
GROUP BY i_code, i_category, i_class
ORDER BY i_category, i_class, i_code, ratio;

-- name: one_customer
SELECT d_date, i_description, %(sales)s_quantity, %(sales)s_net_paid
FROM customer, %(channel)s_sales, dates, item
WHERE c_code = 'CUST0000000%(customer)s' AND %(sales)s_customer_id = c_id AND %(sales)s_date_id = d_id AND %(sales)s_item_id = i_id
ORDER BY d_date DESC
LIMIT 20;

-- name: profit_by_place
SELECT s_state, s_county, grouping(s_state) + grouping(s_county) AS level, sum(%(sales)s_net_profit)
FROM %(channel)s_sales, dates, place
WHERE d_month_seq BETWEEN %(year)s * 12 + %(moy)s - 1 AND %(year)s * 12 + %(moy)s + 1 AND d_id = %(sales)s_date_id AND s_id = %(sales)s_place_id
GROUP BY ROLLUP (s_state, s_county)
ORDER BY level DESC, s_state
LIMIT 100;

-- name: rush_hour
SELECT count(*)
FROM %(channel)s_sales, household, times, place
WHERE
    %(sales)s_time_id = t_id
    AND %(sales)s_hd_id = hd_id
    AND %(sales)s_place_id = s_id
    AND t_hour = %(dom)s - 4
    AND t_minute >= 30
    AND hd_dependents = %(quarter)s
    AND s_name = 'place %(county)s';

-- name: alternatives
SELECT avg(%(sales)s_quantity), avg(%(sales)s_sales_price), avg(%(sales)s_wholesale_cost), sum(%(sales)s_wholesale_cost)
FROM %(channel)s_sales, place, customer_group, household, address, dates
WHERE
    s_id = %(sales)s_place_id
    AND %(sales)s_date_id = d_id
    AND d_year = %(year)s
    AND %(sales)s_hd_id = hd_id
    AND cd_id = %(sales)s_cd_id
    AND %(sales)s_ca_id = ca_id
    AND (
        (cd_marital = 'M' AND cd_education = 'Advanced Degree' AND %(sales)s_sales_price BETWEEN 100 AND 150 AND hd_dependents = 3)
        OR (cd_marital = '%(marital)s' AND cd_education = 'College' AND %(sales)s_sales_price BETWEEN 50 AND 100 AND hd_dependents = 1)
    )
    AND (
        (ca_state IN ('SA', 'SB', 'SC') AND %(sales)s_net_profit BETWEEN 100 AND 200)
        OR (ca_state IN ('SD', 'SE', 'SF') AND %(sales)s_net_profit BETWEEN 150 AND 300)
    );

-- name: late_returns
SELECT
    s_name,
    sum(CASE WHEN %(returns)s_date_id - %(sales)s_date_id <= 30 THEN 1 ELSE 0 END) AS within_30_days,
    sum(CASE WHEN %(returns)s_date_id - %(sales)s_date_id > 30 THEN 1 ELSE 0 END) AS later
FROM %(channel)s_sales, %(channel)s_returns, place, dates
WHERE
    d_year = %(year)s
    AND d_moy = %(moy)s
    AND %(sales)s_ticket = %(returns)s_ticket
    AND %(sales)s_item_id = %(returns)s_item_id
    AND %(returns)s_reason = %(county)s
    AND %(returns)s_date_id = d_id
    AND %(sales)s_place_id = s_id
GROUP BY s_name
ORDER BY s_name
LIMIT 100;
