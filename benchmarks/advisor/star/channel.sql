-- Sales come in by date, four lines a ticket; a few foreign keys are unknown. One line in ten is returned.
INSERT INTO %(channel)s_sales
SELECT
    CASE WHEN pg_temp.pick(ticket, %(salt)s, 50) > 0 THEN (ticket * 4 * 2500.0 / %(rows)s)::integer END,
    pg_temp.pick(ticket, %(salt)s + 1, 86400),
    item,
    CASE WHEN pg_temp.pick(ticket, %(salt)s + 2, 50) > 0 THEN 1 + pg_temp.pick(ticket, %(salt)s + 3, %(customers)s) END,
    1 + pg_temp.pick(ticket, %(salt)s + 4, 20000),
    1 + pg_temp.pick(ticket, %(salt)s + 5, 7200),
    1 + pg_temp.pick(ticket, %(salt)s + 6, %(customers)s / 2),
    1 + pg_temp.pick(ticket, %(salt)s + 7, 24),
    1 + pg_temp.pick(ticket, %(salt)s + 8, 300),
    ticket,
    quantity,
    cost,
    cost * 1.5,
    price,
    cost * 0.1,
    price * least(quantity, 20),
    (price - cost) * least(quantity, 20)
FROM generate_series(1, %(rows)s / 4) AS ticket,
    generate_series(0, 3) AS line,
    LATERAL (
        SELECT
            1 + (pg_temp.pick(ticket, %(salt)s + 9, %(items)s) + line * 997) % %(items)s AS item,
            1 + pg_temp.pick(ticket * 4 + line, %(salt)s + 10, 100) AS quantity,
            1 + pg_temp.pick(ticket * 4 + line, %(salt)s + 11, 9900) / 100.0 AS cost,
            1 + pg_temp.pick(ticket * 4 + line, %(salt)s + 12, 15000) / 100.0 AS price
    ) AS drawn;

INSERT INTO %(channel)s_returns
SELECT
    least(%(sales)s_date_id + pg_temp.pick(%(sales)s_ticket, %(salt)s + 13, 60), 2555),
    %(sales)s_item_id,
    %(sales)s_customer_id,
    %(sales)s_place_id,
    %(sales)s_ticket,
    pg_temp.pick(%(sales)s_ticket, %(salt)s + 14, 35),
    1 + pg_temp.pick(%(sales)s_ticket, %(salt)s + 15, %(sales)s_quantity),
    %(sales)s_sales_price,
    %(sales)s_sales_price / 2
FROM %(channel)s_sales
WHERE pg_temp.pick(%(sales)s_ticket * 10000 + %(sales)s_item_id, %(salt)s + 16, 10) = 0;
