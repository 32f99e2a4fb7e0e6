-- What index-only scans are worth: every query on a large table finds an index that holds all it reads.
CREATE INDEX ON lineitem (l_shipdate) INCLUDE (l_discount, l_quantity, l_extendedprice, l_suppkey, l_partkey, l_tax, l_returnflag, l_linestatus);
CREATE INDEX ON lineitem (l_orderkey) INCLUDE (l_quantity);
CREATE INDEX ON lineitem (l_orderkey) INCLUDE (l_commitdate, l_receiptdate, l_suppkey);
CREATE INDEX ON lineitem (l_orderkey) INCLUDE (l_shipdate, l_extendedprice, l_discount, l_suppkey, l_returnflag);
CREATE INDEX ON lineitem (l_partkey) INCLUDE (l_suppkey, l_orderkey, l_extendedprice, l_discount, l_quantity);
CREATE INDEX ON lineitem (l_partkey, l_shipinstruct, l_shipmode, l_quantity) INCLUDE (l_extendedprice, l_discount);
CREATE INDEX ON lineitem (l_suppkey) INCLUDE (l_orderkey, l_shipdate, l_extendedprice, l_discount, l_receiptdate, l_commitdate);
CREATE INDEX ON lineitem (l_shipmode, l_receiptdate) INCLUDE (l_commitdate, l_shipdate, l_orderkey);
CREATE INDEX ON orders (o_orderdate) INCLUDE (o_orderkey, o_custkey, o_orderpriority, o_shippriority);
CREATE INDEX ON orders (o_custkey) INCLUDE (o_orderkey, o_orderdate, o_shippriority);
CREATE INDEX ON orders (o_orderkey) INCLUDE (o_orderpriority, o_orderdate, o_custkey);
CREATE INDEX ON orders (o_orderstatus, o_orderkey);
CREATE INDEX ON partsupp (ps_suppkey) INCLUDE (ps_partkey, ps_supplycost, ps_availqty);
CREATE INDEX ON partsupp (ps_partkey, ps_suppkey) INCLUDE (ps_supplycost);
CREATE INDEX ON customer (c_mktsegment) INCLUDE (c_custkey);
CREATE INDEX ON customer (c_nationkey) INCLUDE (c_custkey);
CREATE INDEX ON customer ((substring(c_phone FROM 1 FOR 2)), c_acctbal) INCLUDE (c_custkey, c_phone);
CREATE INDEX ON part (p_type) INCLUDE (p_partkey);
