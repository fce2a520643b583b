-- Staging tables of the run: filled batch by batch while files are read, dropped once the events stand. They are no part of any
-- output. What a batch is: see audit/decoding.py.

-- Events as their requests told them, reduced to what the events need (clean.sql). Addresses are still whole.
create table decoded (
    batch bigint, source varchar, place bigint, ref varchar, seen_at timestamp, page_load varchar, session varchar, initiator varchar,
    log_sender varchar, status integer, net_error varchar, consent varchar, has_secret boolean, user_agent varchar,
    cookie_click varchar, cookie_browser varchar,        -- NULL too where the event itself carries the same
    is_click_cookie boolean, is_browser_cookie boolean,  -- and that is told here
    tie_fbp varchar, tie_ttp varchar,
    endpoint varchar, channel enum ('browser', 'server'), platform enum ('meta', 'tiktok', 'snackvideo'), dataset varchar, agent varchar, partner_agent varchar,
    relay_store varchar, is_codeless boolean, rule varchar, is_noscript boolean,
    event_name varchar, event_id_sent varchar, event_id_misplaced boolean, event_time_sent varchar, order_param varchar,
    value_sent varchar, currency_sent varchar, click_id_sent varchar, browser_id_sent varchar,
    page varchar, referrer varchar, has_source_url boolean, page_cut boolean,
    item_list struct(item_id varchar, quantity varchar, price varchar)[],
    other_items varchar, has_relay_items boolean, relay_item_ids varchar,
    answer_code varchar, answer_text varchar, events_sent bigint, events_received bigint, accepted boolean,
    counter bigint, load_key varchar, action_source varchar, has_test_code boolean, limited_use varchar,
    has_email boolean, has_phone boolean, has_external_id boolean, blotted_keys varchar, plain_keys varchar, void_keys varchar, other_hash_keys varchar,
    machine_keys varchar, device varchar, contact_digest ubigint, customer_digest ubigint, ip_digest ubigint,
    personal_in_params varchar,
    email_digest varchar, phone_digest varchar, external_digest varchar,  -- only where an order has one to compare
    params_hash ubigint,
    params_text varchar,     -- only where an order has a telephone number to look for
    copy_key varchar,
    send_key varchar,
    payload varchar,         -- server: whose rules its request is held against (audit/schemas/payloads)
    shape ubigint            -- and what it looks like: field names, types, and the facts of value those rules ask for
);

-- How many rows of which file each order was read from, and whether another file told it in a newer state.
create table order_sources (order_id varchar, source varchar, rows bigint, is_superseded boolean);

-- Orders whose times name no zone and were read in the plan's. Which zone they are in shows when their Purchases are known
-- (views/export_zones.sql).
create table zoneless_orders (order_id varchar);

-- Logs whose times name no zone, and where their events or a page's calls tell which one it is (model/clocks.sql).
create table zoneless_logs (source varchar, is_utc boolean, is_plans boolean);

-- Hits in which a page told the shopper's consent to Google, and the orders that the hit itself names.
create table consent_hits (page_load varchar, seen_at timestamp, consent varchar, page varchar, order_keys varchar[]);

-- Page views of a capture that hold a click id in their address.
create table clicked_pages (ref varchar, source varchar, seen_at timestamp, page_load varchar, url varchar);

-- From when to when the requests of a file were seen.
create table seen_spans (source varchar, first_at timestamp, last_at timestamp);

-- Events of a request that holds several: each has a shape of its own.
create table several_shapes (ref varchar, nth bigint, shape ubigint);
create table shapes_met (shape ubigint);
-- Per source: whether requests to a platform or relay were logged with what they said.
create table posts_seen (source varchar, has_body boolean);
-- Per server log without any: the hosts that its rows name in full.
create table other_hosts (source varchar, host varchar);
-- Requests in which no event could be read.
create table unread_payloads (ref varchar, endpoint varchar, shape ubigint);
-- Relay requests without the storefront's key.
create table keyless_requests (ref varchar, endpoint varchar, relay_key varchar, status integer);
create table shape_violations (
    shape    ubigint,
    of_event boolean,        -- else of the request around it
    path     varchar,
    cause    varchar,
    detail   varchar
);
