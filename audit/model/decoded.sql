-- What every wire file may say of an event, before it is cleaned. Temporary: it still holds personal data.
create or replace temp table decoded (
    source varchar, place bigint, ref varchar, seen_at timestamp, page_load varchar, session varchar, initiator varchar,
    log_sender varchar, status integer, net_error varchar, consent varchar, has_secret boolean, user_agent varchar,
    cookie_click varchar, cookie_browser varchar, tie_fbp varchar, tie_ttp varchar,
    endpoint varchar, channel varchar, platform varchar, dataset varchar, agent varchar, partner_agent varchar,
    relay_store varchar, is_codeless boolean, rule varchar, is_noscript boolean,
    event_name varchar, event_id_sent varchar, event_id_misplaced boolean, event_time_sent varchar, order_param varchar,
    value_sent varchar, currency_sent varchar, click_id_sent varchar, browser_id_sent varchar,
    page varchar, referrer varchar, has_source_url boolean, page_cut boolean,
    item_list struct(item_id varchar, quantity varchar, price varchar)[],
    has_relay_items boolean, relay_item_ids varchar,
    answer_code varchar, answer_text varchar, events_sent bigint, events_received bigint, accepted boolean,
    counter bigint, load_key varchar, action_source varchar, has_test_code boolean, limited_use varchar,
    email_sent varchar, phone_sent varchar, external_id_sent varchar, plain_keys varchar, params_text varchar,
    copy_key varchar,   -- the platform's own name of one send; copies share it
    send_key varchar    -- one send seen by two witnesses (the page's HAR and the relay's log) shares it
);

-- Hits in which a page told the shopper's consent to Google.
create or replace temp table consent_hits (page_load varchar, seen_at timestamp, consent varchar);
