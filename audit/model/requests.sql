-- Requests: temporary, of one connection, gone once they are decoded; they never leave the run.

create temp table requests (
    source        varchar,
    place         bigint,    -- entry (HAR) or line (log)
    ref           varchar,
    evidence      varchar,   -- browser | server: the kind of file it stood in
    seen_at       timestamp, -- when the file says it was sent
    answered_at   timestamp, -- when its answer was complete (HAR), else NULL
    method        varchar,
    url           varchar,   -- as recorded, still holding whatever it held
    host          varchar,   -- lower case
    path          varchar,   -- of the URL, as recorded
    query         varchar,   -- of the URL, still encoded, without '?'
    body          varchar,   -- request body as text
    status        integer,   -- HTTP status; 0 when no answer came; NULL when the log did not say
    net_error     varchar,   -- the browser's own word for a failed request
    response      varchar,   -- response body as text, where kept
    referrer      varchar,   -- Referer header
    page_load     varchar,   -- one document load: HAR page reference, qualified by the file
    session       varchar,   -- the log's own session field
    initiator     varchar,   -- script that caused the request (DevTools call stack)
    user_agent    varchar,   -- of the sender
    sender        varchar,   -- the log's own sender field
    consent       varchar,   -- granted | denied, where the log says so
    cookie_fbc    varchar,
    cookie_fbp    varchar,
    cookie_ttclid varchar,
    cookie_ttp    varchar,
    cookie_click  varchar,   -- _kwai_click_id
    is_document   boolean,   -- a page navigation
    has_secret    boolean,   -- an access token or secret key stood in it
    relay_key     varchar,   -- whose relay key its headers carried: storefront | page | none; NULL: headers not recorded
    decoded       json,      -- a decoded call of a pixel log; NULL for raw requests
    problem       varchar    -- why the row cannot be used; it becomes a reject as soon as its file is read
);

-- What every wire file may say of an event: no rows, only names. It still holds personal data.
create temp table wire_words (
    source varchar, place bigint, ref varchar, seen_at timestamp, page_load varchar, session varchar, initiator varchar,
    log_sender varchar, status integer, net_error varchar, consent varchar, has_secret boolean, user_agent varchar,
    cookie_click varchar, cookie_browser varchar, tie_fbp varchar, tie_ttp varchar,
    endpoint varchar, channel varchar, platform varchar, dataset varchar, agent varchar, partner_agent varchar,
    relay_store varchar, is_codeless boolean, rule varchar, is_noscript boolean,
    event_name varchar, event_id_sent varchar, event_id_misplaced boolean, event_time_sent varchar, order_param varchar,
    value_sent varchar, currency_sent varchar, click_id_sent varchar, browser_id_sent varchar,
    page varchar, referrer varchar, has_source_url boolean, page_cut boolean,
    item_list struct(item_id varchar, quantity varchar, price varchar)[],
    other_items varchar, has_relay_items boolean, relay_item_ids varchar,
    answer_code varchar, answer_text varchar, events_sent bigint, events_received bigint, accepted boolean,
    counter bigint, load_key varchar, action_source varchar, has_test_code boolean, limited_use varchar,
    email_sent varchar, phone_sent varchar, external_id_sent varchar, plain_keys varchar, params_text varchar,
    buyer_ip_sent varchar, buyer_agent_sent varchar,  -- of the buyer's own device: what a server says of it, and a browser of itself
    user_text varchar,   -- what stands where an object of user data should be
    copy_key varchar,    -- the platform's own name of one send; copies share it
    send_key varchar,    -- one send seen by two witnesses (the page's HAR and the relay's log) shares it
    payload varchar,     -- server: whose rules the request is held against (audit/schemas/payloads)
    body_shape ubigint   -- server: field names and types of the request (macro request_shape)
);
