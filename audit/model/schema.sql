-- The data dictionary: every table and column of the model, with its meaning.
-- Ids are text. Money is decimal in major units. Times are UTC. NULL means "the log did not say".

-- ---------------------------------------------------------------- what was read

create table sources (
    source       varchar,   -- path relative to the input folder
    kind         varchar,   -- browser | server | orders | totals | diagnostics
    loader       varchar,   -- module that claimed the file
    sha256       varchar,   -- of the file's bytes
    read_rows    bigint,    -- always kept + ignored + rejected
    kept         bigint,
    ignored      bigint,
    superseded   bigint,    -- of the ignored ones: of orders that another file holds in a newer state
    rejected     bigint,
    first_at     timestamp, -- earliest time seen in the file
    last_at      timestamp, -- latest time seen in the file
    has_bodies   boolean,   -- HAR, server log: some body of a posted request was recorded (NULL: another file, or nothing to record)
    has_statuses boolean,   -- some response status was recorded
    has_zone     boolean,   -- log: its times name their zone, or the plan does, or the events' own times confirm UTC (NULL: no log)
    gaps         varchar    -- facts missing from the file that some check would have wanted, in words
);

create table rejects (
    ref    varchar,         -- file#entry (from 0) or file:line (from 1)
    source varchar,
    reason varchar          -- why the row could not be identified
);

-- ---------------------------------------------------------------- events

-- One row = one event as one sender put it on the wire.
create table events (
    event_key        bigint,        -- number of the row, in order of source and place
    ref              varchar,       -- file#entry or file:line
    source           varchar,
    place            bigint,
    endpoint         varchar,       -- meta_pixel, meta_capi, meta_relay, … : the wire file that decoded it
    channel          varchar,       -- browser | server
    platform         varchar,       -- meta | tiktok | snackvideo
    dataset          varchar,       -- pixel id or pixel code; NULL when a relay decides
    sender           varchar,       -- who sent it, named from evidence
    sender_kind      varchar,       -- page_code | tag_manager | codeless | noscript | relay | backend | log
    agent            varchar,       -- Meta's agent parameter
    partner_agent    varchar,       -- Conversions API partner_agent, TikTok partner
    initiator        varchar,       -- script address
    relay_store      varchar,       -- store named in the relay's path
    log_sender       varchar,       -- the log's own sender field
    event_name       varchar,       -- as sent
    in_plan          boolean,       -- the plan names this dataset, names none, or the event names none; false: another shop's
    step             varchar,       -- ViewContent | AddToCart | InitiateCheckout | Purchase; NULL: no core step
    event_id         varchar,       -- as sent; NULL when absent or empty
    event_id_state   varchar,       -- sent | empty | misplaced | absent
    event_at         timestamp,     -- when the sender says it happened, else when it was seen
    event_time_sent  varchar,       -- the text of the time the sender wrote, where it wrote one
    seen_at          timestamp,     -- when the file saw it sent
    session          varchar,       -- one shopper's visit
    page_load        varchar,       -- one document load
    order_key        varchar,       -- the order key the event carries, whether or not an order has it
    order_id         varchar,       -- the order of the export that it belongs to
    order_how        varchar,       -- parameter | template | event_id | url | visit
    value            decimal(24, 6),
    value_sent       varchar,       -- as sent
    currency         varchar,       -- upper case
    currency_sent    varchar,       -- as sent
    click_id         varchar,       -- fbc | ttclid | SnackVideo click id carried by the event
    click_id_state   varchar,       -- sent | empty | absent
    browser_id       varchar,       -- fbp | ttp carried by the event
    landing_click    varchar,       -- fbclid | ttclid | click_id in the event's own page URL
    cookie_click     varchar,       -- the platform's click cookie beside the request
    cookie_browser   varchar,       -- the platform's browser cookie beside the request
    page_url         varchar,       -- query reduced to campaign, click and order keys
    page_digest      varchar,       -- page views: salted digest of the whole address where page_url is less; never written out
    page_host        varchar,
    page_path        varchar,
    page_cut         boolean,       -- the platform cut the page URL to its origin
    referrer_host    varchar,
    has_source_url   boolean,       -- server: the request named its page
    has_referrer     boolean,
    items            varchar,       -- distinct item ids, sorted, comma-separated; NULL when none
    item_count       bigint,        -- entries in event_items
    other_items      varchar,       -- ids of the plain list (content_ids), where it leaves out a thing that contents names
    has_relay_items  boolean,       -- relay: variants or bundle_price_options present
    relay_item_ids   varchar,       -- relay: ids in variants and bundle_price_options, comma-separated
    status           integer,       -- HTTP status of the request; 0 no answer: stopped where net_error says so
    net_error        varchar,
    answer_code      varchar,       -- platform's own answer code: Graph code/subcode, TikTok code
    answer_text      varchar,       -- platform's own answer, shortened; or what stands in the log in its place
    events_sent      bigint,        -- events in the same request
    events_received  bigint,        -- as the answer says
    accepted         boolean,       -- true accepted, false refused, NULL no answer of the receiver recorded
    request_key      varchar,       -- events of one request share it
    counter          bigint,        -- Meta ec: events of this pixel on this page before it
    rule             varchar,       -- codeless: Event Setup Tool rule
    is_codeless      boolean,
    is_noscript      boolean,
    action_source    varchar,       -- where it happened, as sent: Meta's action_source, TikTok's event_source
    has_test_code    boolean,
    limited_use      varchar,       -- limited data use flags as sent: LDU, opt_out
    consent          varchar,       -- granted | denied where the evidence says so
    has_email        boolean,
    has_phone        boolean,
    has_external_id  boolean,
    blotted_keys     varchar,       -- what the log blotted out: click id, browser id, user data; comma-separated
    plain_keys       varchar,       -- user-data keys sent in plain text, comma-separated
    void_keys        varchar,       -- user-data keys sent that stand for nobody: hashes of an empty text, of 0, of 'undefined' …; comma-separated
    other_hash_keys  varchar,       -- 'e-mail', 'phone': sent as another hash than SHA-256 (32 or 40 hex digits), comma-separated
    machine_keys     varchar,       -- server Purchases: 'IP address', 'user agent': of a server or a program, not of the buyer's device
    device           varchar,       -- Purchases: what the user agent tells of the buyer's device: 'iPhone, Safari'
    personal_in_url  varchar,       -- 'email in page_url' …: kind and place, never the value
    personal_in_params varchar,     -- the same for event parameters, and the event id
    email_digest     varchar,       -- salted; compared with an order's, never written out; NULL where no order has one
    phone_digest     varchar,       -- the same
    contact_digest   ubigint,       -- server Purchases: salted, of the e-mail, else the phone; only counted, never written out
    customer_digest  ubigint,       -- the same of the external id
    ip_digest        ubigint,       -- the same of the buyer's IP address
    user_agent       varchar,       -- server: the user agent the request was sent with
    has_secret       boolean,       -- an access token stood in the log
    copies           bigint         -- wire copies collapsed into this row, itself included
);

create table event_items (
    event_key bigint,
    position  bigint,               -- from 1
    item_id   varchar,
    quantity  decimal(18, 3),       -- NULL when only an id list was sent
    price     decimal(24, 6)
);

-- Storefront API calls that prove the shopper's act.
create table actions (
    ref         varchar,
    source      varchar,
    kind        varchar,            -- add_to_cart | cart_change (quantity changed, cart made or filled by a link) | checkout
    started_at  timestamp,
    finished_at timestamp,
    status      integer,
    ok          boolean,            -- 2xx
    session     varchar,
    page_load   varchar,
    order_key   varchar             -- order named in the answer, where kept
);

-- Pixel libraries and per-pixel configurations the browser loaded.
create table loads (
    ref       varchar,
    source    varchar,
    platform  varchar,
    kind      varchar,              -- library | dataset
    dataset   varchar,
    loaded_at timestamp,
    page_load varchar,
    session   varchar,
    ok        boolean
);

-- Requests of a browser capture to a platform whose content was not recorded: an event of it may have been any of them.
create table unread_hits (
    source   varchar,
    platform varchar,
    hits     bigint
);

-- Orders on whose own page the shopper's consent stood refused, as Google's hits of that page tell it.
create table refused_orders (
    order_id varchar
);

-- Meta's own count of its hits per pixel and page load, telemetry included: a hole in it is a hit that left no trace.
create table counters (
    ref       varchar,
    source    varchar,
    page_load varchar,
    dataset   varchar,
    counter   bigint,
    sent_at   timestamp
);

-- Page views the evidence holds, with the click ids of their URL.
create table landings (
    ref       varchar,
    source    varchar,
    landed_at timestamp,
    page_load varchar,
    session   varchar,
    page_host varchar,
    page_path varchar,
    platform  varchar,              -- whose click id it is
    click_id  varchar               -- fbclid | ttclid | click_id, as the URL held it ('+' kept, %XX decoded)
);

-- ---------------------------------------------------------------- orders

create table orders (
    order_id         varchar,       -- the shop's business key (contract: order keys)
    source           varchar,
    ref              varchar,
    created_at       timestamp,     -- NULL: the export did not say, or had no zone to read it in
    paid_at          timestamp,
    cancelled_at     timestamp,
    changed_at       timestamp,     -- last change the export knows of
    status           varchar,
    payment_status   varchar,
    payment_method   varchar,
    is_paid          boolean,
    is_spam          boolean,
    is_test          boolean,
    is_cancelled     boolean,
    is_failed        boolean,       -- its payment failed, and none came after
    order_source     varchar,       -- web, pos, an app …
    currency         varchar,
    presentment_currency varchar,
    total            decimal(24, 6),  -- what the buyer is asked for
    gross_revenue    decimal(24, 6),
    net_revenue      decimal(24, 6),
    subtotal         decimal(24, 6),  -- after discounts
    discount         decimal(24, 6),
    shipping         decimal(24, 6),  -- as in the total: with its tax where prices include it
    shipping_tax     decimal(24, 6),  -- tax inside shipping, where prices include it
    tax              decimal(24, 6),
    fees             decimal(24, 6),
    unique_code      decimal(24, 6),
    refunded         decimal(24, 6),
    presentment_total decimal(24, 6),
    current_total    decimal(24, 6),  -- after refunds and edits
    tax_included     boolean,
    email_digest     varchar,       -- salted digest of the SHA-256; compared, never written out
    email_double_digest varchar,    -- salted digest of the SHA-256 of the SHA-256
    email_typed_digest varchar,     -- the same as email_digest of the address as the export writes it; NULL where it is in small letters, without blanks
    email_blank_digest varchar,     -- and of the address with a blank behind it
    email_capital_digest varchar,   -- and of the address with a capital letter first, as a phone's keyboard writes it
    phone_digest     varchar,
    phone_double_digest varchar,
    phone_text_digest varchar,      -- salted digest of the digits themselves
    phone_home_digest varchar,      -- the same as phone_digest of the number as it is dialled at home: 0812…
    phone_bare_digest varchar,      -- and of that without its 0: 812…
    device           varchar,       -- what the user agent tells of the buyer's device: 'iPhone, Safari'
    event_duty       varchar,       -- yes | unknown | no: must the web pixels have events for it
    duty_reason      varchar,       -- why not, in words
    is_named         boolean        -- a test order: missing events block
);

-- Every key an event may carry for an order; order_id itself is one of them.
create table order_keys (
    order_id varchar,
    key      varchar,
    kind     varchar                -- order_id | id | number | token | … | form (a Purchase's own way of writing it)
);

create table order_items (
    order_id  varchar,
    position  bigint,
    item_id   varchar,
    id_space  varchar,              -- variant | product | sku | unique | catalogue (made of them by a shop system's plugin) | item
    quantity  decimal(18, 3),
    price     decimal(24, 6),
    counts    boolean               -- false: tip, fee or free gift line
);

-- ---------------------------------------------------------------- totals and diagnostics

create table totals (
    ref      varchar,
    source   varchar,
    day      date,
    origin   varchar,               -- meta | tiktok | snackvideo | shopify | ga4 | server
    step     varchar,
    count    decimal(24, 6),
    value    decimal(24, 6),
    currency varchar
);

create table diagnostics (
    ref        varchar,
    source     varchar,
    platform   varchar,
    event_name varchar,
    title      varchar,
    percentage decimal(9, 4)
);

-- Rows somebody copied from a platform's Test Events page, which has no export.
create table test_events (
    ref        varchar,
    source     varchar,
    platform   varchar,
    event_name varchar,
    channel    varchar,         -- browser | server
    event_id   varchar,
    status     varchar          -- as the page says it: processed | deduplicated | …
);

-- Payload violations found by the schemas, one row a distinct violation of an event's request.
create table violations (
    event_key bigint,               -- NULL: no event could be read from the request
    ref       varchar,              -- of the request
    endpoint  varchar,              -- whose rules it breaks: meta_relay, meta_capi, …
    path      varchar,              -- JSON path; entries of inner lists are [*]
    cause     varchar,
    detail    varchar               -- in words of the rules, never a value
);

-- ---------------------------------------------------------------- the plan

create table launch (
    name             varchar,
    timezone         varchar,
    conversion_point varchar,       -- order_created | payment_confirmed
    event_id_template varchar,      -- NULL: none
    event_id_prefix  varchar,       -- template text before {order_id}; {event_name} still in it
    event_id_suffix  varchar,       -- template text after {order_id}
    value_basis      varchar,
    has_plan         boolean,
    has_register     boolean,
    totals_required  boolean,
    has_zone         boolean,       -- the plan names a time zone
    judged_at        timestamp,     -- --now
    judged_on        date           -- its day in the launch's zone
);
create table plan_platforms (platform varchar, is_declared boolean, relay_store varchar);
create table plan_datasets (platform varchar, dataset varchar);
create table plan_domains (platform varchar, domain varchar);
create table plan_steps (platform varchar, event_name varchar, step varchar);
create table plan_requirements (platform varchar, step varchar, channel varchar, only_with_click boolean);
create table plan_test_orders (order_key varchar);
create table currencies (
    currency  varchar,              -- ISO 4217 code
    digits    integer,              -- minor-unit digits
    tolerance decimal(24, 6)        -- the plan's, else one minor unit; 1 for those told in whole units: zero-decimal ones, IDR, HUF …
);
create table plan_limits (name varchar, amount double);   -- late_after_s, dedup_window_s, totals_tolerance, missing_share, click_id_days_<platform>
create table plan_senders (
    entry         bigint,
    name          varchar,
    platform      varchar,
    channel       varchar,
    owner         varchar,
    is_primary    boolean,
    has_match     boolean,
    agent         varchar,          -- globs
    partner_agent varchar,
    initiator     varchar,
    dataset       varchar,
    relay_store   varchar,
    sender        varchar
);
create table plan_sender_steps (entry bigint, step varchar);
create table plan_waivers (waiver bigint, check_id varchar, subject varchar, reason varchar, owner varchar, expires date);
create table plan_evidence (card varchar, file varchar, sha256 varchar, note varchar);

-- Keys an event might be naming its order by, best first; only those an order has, or that are plainly meant as one.
create table order_candidates (
    event_key bigint,
    key       varchar,
    how       varchar,              -- parameter | template | event_id | url
    rank      bigint,
    is_meant  boolean               -- true: an order key even when no order has it
);

-- ---------------------------------------------------------------- answers

create table findings (
    finding    bigint,              -- number of the row
    check_id   varchar,
    facet      varchar,
    severity   varchar,             -- blocker | warning | note, of the row
    platform   varchar,
    step       varchar,
    subject    varchar,
    order_id   varchar,
    session    varchar,
    ok         boolean,             -- false failed, NULL cannot be told
    expected   varchar,
    actual     varchar,
    cause      varchar,
    owner      varchar,             -- role that answers for the cause
    ref        varchar,
    other_ref  varchar,
    waived     bigint,              -- plan_waivers.waiver
    because_of varchar              -- check this finding merely follows from; NULL: a root
);

create table tallies (
    check_id varchar,
    platform varchar,
    step     varchar,
    examined bigint,                -- passed + failed + unclear
    passed   bigint,
    failed   bigint,
    unclear  bigint
);
