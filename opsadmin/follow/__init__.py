"""Did an index keep its promise: what its statements cost before it was there and since, how often it is read, and a
verdict in words.

    begin("store", ddl=..., index="public.orders_customer_id_idx", queries=[...], promise=0.1)
    review("store")

Counters of PostgreSQL are only ever read, and kept as differences in the site database: a reset, a restart, an entry that
was thrown out, a rename, a rebuilt index or a new queryid lose at most what was counted since the last look."""
