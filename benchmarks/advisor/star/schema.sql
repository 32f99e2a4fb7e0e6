-- A snowflake after TPC-DS: three channels of sales, their returns, stock, and the dimensions around them.
CREATE TABLE dates (
    d_id integer PRIMARY KEY,
    d_date date NOT NULL,
    d_year integer NOT NULL,
    d_moy integer NOT NULL,
    d_dom integer NOT NULL,
    d_qoy integer NOT NULL,
    d_dow integer NOT NULL,
    d_month_seq integer NOT NULL,
    d_week_seq integer NOT NULL,
    d_day_name char(9) NOT NULL
);
CREATE TABLE times (
    t_id integer PRIMARY KEY,
    t_hour integer NOT NULL,
    t_minute integer NOT NULL,
    t_meal char(20)
);
CREATE TABLE item (
    i_id integer PRIMARY KEY,
    i_code char(16) NOT NULL,
    i_description varchar(200) NOT NULL,
    i_price numeric(7, 2) NOT NULL,
    i_brand_id integer NOT NULL,
    i_brand char(50) NOT NULL,
    i_class char(50) NOT NULL,
    i_category char(50) NOT NULL,
    i_manufact_id integer NOT NULL,
    i_manager_id integer NOT NULL,
    i_color char(20) NOT NULL,
    i_size char(20) NOT NULL
);
CREATE TABLE address (
    ca_id integer PRIMARY KEY,
    ca_city varchar(60) NOT NULL,
    ca_county varchar(30) NOT NULL,
    ca_state char(2) NOT NULL,
    ca_zip char(10) NOT NULL,
    ca_gmt_offset numeric(5, 2) NOT NULL
);
CREATE TABLE customer_group (
    cd_id integer PRIMARY KEY,
    cd_gender char(1) NOT NULL,
    cd_marital char(1) NOT NULL,
    cd_education char(20) NOT NULL,
    cd_estimate integer NOT NULL,
    cd_rating char(10) NOT NULL,
    cd_children integer NOT NULL
);
CREATE TABLE household (
    hd_id integer PRIMARY KEY,
    hd_income_band integer NOT NULL,
    hd_buy_potential char(15) NOT NULL,
    hd_dependents integer NOT NULL,
    hd_vehicles integer NOT NULL
);
CREATE TABLE customer (
    c_id integer PRIMARY KEY,
    c_code char(16) NOT NULL,
    c_cd_id integer NOT NULL,
    c_hd_id integer NOT NULL,
    c_ca_id integer NOT NULL,
    c_first_name char(20) NOT NULL,
    c_last_name char(30) NOT NULL,
    c_preferred char(1) NOT NULL,
    c_birth_month integer NOT NULL,
    c_birth_year integer NOT NULL,
    c_birth_country varchar(20) NOT NULL
);
CREATE TABLE place (
    s_id integer PRIMARY KEY,
    s_name varchar(50) NOT NULL,
    s_city varchar(60) NOT NULL,
    s_county varchar(30) NOT NULL,
    s_state char(2) NOT NULL,
    s_employees integer NOT NULL,
    s_gmt_offset numeric(5, 2) NOT NULL
);
CREATE TABLE promotion (
    p_id integer PRIMARY KEY,
    p_email char(1) NOT NULL,
    p_event char(1) NOT NULL,
    p_tv char(1) NOT NULL
);
CREATE TABLE warehouse (
    w_id integer PRIMARY KEY,
    w_name varchar(20) NOT NULL,
    w_state char(2) NOT NULL
);
CREATE TABLE inventory (
    inv_date_id integer NOT NULL,
    inv_item_id integer NOT NULL,
    inv_warehouse_id integer NOT NULL,
    inv_quantity integer NOT NULL,
    PRIMARY KEY (inv_date_id, inv_item_id, inv_warehouse_id)
);
CREATE TABLE store_sales (
    ss_date_id integer,
    ss_time_id integer,
    ss_item_id integer NOT NULL,
    ss_customer_id integer,
    ss_cd_id integer,
    ss_hd_id integer,
    ss_ca_id integer,
    ss_place_id integer,
    ss_promo_id integer,
    ss_ticket bigint NOT NULL,
    ss_quantity integer,
    ss_wholesale_cost numeric(7, 2),
    ss_list_price numeric(7, 2),
    ss_sales_price numeric(7, 2),
    ss_discount numeric(7, 2),
    ss_net_paid numeric(7, 2),
    ss_net_profit numeric(7, 2),
    PRIMARY KEY (ss_item_id, ss_ticket)
);
CREATE TABLE store_returns (
    sr_date_id integer,
    sr_item_id integer NOT NULL,
    sr_customer_id integer,
    sr_place_id integer,
    sr_ticket bigint NOT NULL,
    sr_reason integer,
    sr_quantity integer,
    sr_amount numeric(7, 2),
    sr_net_loss numeric(7, 2),
    PRIMARY KEY (sr_item_id, sr_ticket)
);
CREATE TABLE catalog_sales (
    cs_date_id integer,
    cs_time_id integer,
    cs_item_id integer NOT NULL,
    cs_customer_id integer,
    cs_cd_id integer,
    cs_hd_id integer,
    cs_ca_id integer,
    cs_place_id integer,
    cs_promo_id integer,
    cs_ticket bigint NOT NULL,
    cs_quantity integer,
    cs_wholesale_cost numeric(7, 2),
    cs_list_price numeric(7, 2),
    cs_sales_price numeric(7, 2),
    cs_discount numeric(7, 2),
    cs_net_paid numeric(7, 2),
    cs_net_profit numeric(7, 2),
    PRIMARY KEY (cs_item_id, cs_ticket)
);
CREATE TABLE catalog_returns (
    cr_date_id integer,
    cr_item_id integer NOT NULL,
    cr_customer_id integer,
    cr_place_id integer,
    cr_ticket bigint NOT NULL,
    cr_reason integer,
    cr_quantity integer,
    cr_amount numeric(7, 2),
    cr_net_loss numeric(7, 2),
    PRIMARY KEY (cr_item_id, cr_ticket)
);
CREATE TABLE web_sales (
    ws_date_id integer,
    ws_time_id integer,
    ws_item_id integer NOT NULL,
    ws_customer_id integer,
    ws_cd_id integer,
    ws_hd_id integer,
    ws_ca_id integer,
    ws_place_id integer,
    ws_promo_id integer,
    ws_ticket bigint NOT NULL,
    ws_quantity integer,
    ws_wholesale_cost numeric(7, 2),
    ws_list_price numeric(7, 2),
    ws_sales_price numeric(7, 2),
    ws_discount numeric(7, 2),
    ws_net_paid numeric(7, 2),
    ws_net_profit numeric(7, 2),
    PRIMARY KEY (ws_item_id, ws_ticket)
);
CREATE TABLE web_returns (
    wr_date_id integer,
    wr_item_id integer NOT NULL,
    wr_customer_id integer,
    wr_place_id integer,
    wr_ticket bigint NOT NULL,
    wr_reason integer,
    wr_quantity integer,
    wr_amount numeric(7, 2),
    wr_net_loss numeric(7, 2),
    PRIMARY KEY (wr_item_id, wr_ticket)
);
