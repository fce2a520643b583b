"""A day's traffic of a chosen size: decoded browser calls, a Conversions API log and an orders table, as files.

Every order is one visit: four browser events and four server events, ids and values in order, one shopper each. A share of
orders carries a fault of a known kind, so that what the audit counts can be held against what was put in.
``python -m tests.bench.traffic FOLDER ORDERS`` writes one.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

#: Every how many orders a fault of that kind is put in; 0 is none.
DEFAULT_FAULTS = {"regenerated": 0, "no_server": 0, "value": 0}
PLAN = """
[launch]
name = "Bench"
timezone = "Asia/Jakarta"

[purchase]
event_id = "{order_id}-{event_name}-FORM"

[platforms.meta]
datasets = ["1234567890123456"]

[[senders]]
name = "Storefront code"
platform = "meta"
channel = "browser"
owner = "tracking"
primary = true

[[senders]]
name = "Backend"
platform = "meta"
channel = "server"
owner = "data"
primary = true
"""

_VISITS = """
create or replace table steps as
select * from (values (1, 'ViewContent'), (2, 'AddToCart'), (3, 'InitiateCheckout'), (4, 'Purchase')) s(nth, step);
create or replace table visits as
select
    i,
    '1' || lpad(cast(i as varchar), 8, '0') as order_id,
    epoch_ms(1795100400000 + (i * 86000000) // {total}) as began,
    100000 + (i * 7919) % 900000 as subtotal,
    (i % 5) * 4000 + 9000 as shipping,
    'fb.1.' || (1795100000000 + i) || '.' || (100000000000000000 + i) as fbp,
    'fb.1.' || (1795100000000 + i) || '.IwY2xjawNq' || md5(cast(i as varchar)) || md5(cast(i + 7 as varchar)) as fbc,
    {regenerated} > 0 and i % greatest({regenerated}, 1) = 1 as is_regenerated,
    {no_server} > 0 and i % greatest({no_server}, 1) = 2 as is_browser_only,
    {value} > 0 and i % greatest({value}, 1) = 3 as is_short
from range({first}, {first} + {orders}) t(i);
create or replace table sends as
select
    v.*,
    s.nth,
    s.step,
    v.began + interval (s.nth * 20) seconds as at_time,
    case when s.step = 'Purchase' then v.order_id || '-Purchase-FORM' else 'evt_' || md5(v.i || s.step) end as event_id,
    case when s.step = 'Purchase' then v.subtotal + v.shipping else v.subtotal end as amount
from visits v
cross join steps s;
"""
_BROWSER = """
copy (
    select
        strftime(at_time, '%Y-%m-%dT%H:%M:%S.%gZ') as ts,
        'meta' as platform,
        '1234567890123456' as pixel_id,
        step as event,
        event_id,
        {{'value': amount - case when is_short and step = 'Purchase' then shipping else 0 end, 'currency': 'IDR',
          'content_type': 'product',
          'contents': [{{'id': 'variant_' || (i % 400), 'quantity': 1, 'item_price': subtotal}}]}} as params,
        'https://shop.example.com/' || lower(step) || '/' || (i % 400) || '?utm_source=meta' as page_url,
        'https://www.facebook.com/' as referrer,
        {{'_fbp': fbp, '_fbc': fbc}} as cookies,
        'storefront.js' as sender,
        'session-' || i as session
    from sends
) to '{folder}/pixel.ndjson' (format json)
"""
_SERVER = """
copy (
    select
        strftime(at_time + interval 2 seconds, '%Y-%m-%dT%H:%M:%S.%gZ') as ts,
        'POST' as method,
        'https://graph.facebook.com/v23.0/1234567890123456/events' as url,
        {{'data': [{{
            'event_name': step,
            'event_time': cast(epoch(at_time) as bigint),
            'event_id': case when is_regenerated and step = 'Purchase' then 'srv_' || md5(cast(i as varchar)) else event_id end,
            'action_source': 'website',
            'event_source_url': 'https://shop.example.com/' || lower(step) || '/' || (i % 400),
            'user_data': {{'em': [sha256('buyer' || i || '@example.com')], 'ph': [sha256('62812' || i)],
                'external_id': [sha256('c' || i)],
                'fbp': fbp, 'fbc': fbc, 'client_user_agent': 'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36'}},
            'custom_data': {{'value': amount - case when is_short and step = 'Purchase' then shipping else 0 end, 'currency': 'IDR',
                'order_id': case when step = 'Purchase' then order_id end, 'content_type': 'product',
                'contents': [{{'id': 'variant_' || (i % 400), 'quantity': 1, 'item_price': subtotal}}]}}
        }}]}} as body,
        200 as status,
        {{'events_received': 1, 'messages': [], 'fbtrace_id': md5(i || step)}} as response,
        'backend' as sender
    from sends
    where not (is_browser_only and step = 'Purchase')
) to '{folder}/server.ndjson' (format json)
"""
_ORDERS = """
copy (
    select
        order_id,
        strftime(began + interval 79 seconds, '%Y-%m-%dT%H:%M:%S+00:00') as created_at,
        'IDR' as currency,
        subtotal + shipping as total,
        subtotal,
        shipping,
        0 as discount,
        0 as tax,
        'processing' as status,
        'web' as source
    from visits
) to '{folder}/orders.csv' (format csv, header)
"""


@dataclass(frozen=True)
class Traffic:
    """What was made."""

    folder: Path
    orders: int
    bytes: int


def make(folder: Path, orders: int, faults: dict[str, int] | None = None, *, first: int = 0, total: int | None = None) -> Traffic:
    """Writes the files of a day with that many orders, or the part of a day of ``total`` orders that begins at ``first``."""
    folder.mkdir(parents=True, exist_ok=True)
    rates = DEFAULT_FAULTS | (faults or {})
    con = duckdb.connect()
    con.execute(_VISITS.format(orders=orders, first=first, total=total or orders, **rates))
    for query in (_BROWSER, _SERVER, _ORDERS):
        con.execute(query.format(folder=str(folder).replace("'", "''")))
    con.close()
    (folder / "audit.toml").write_text(PLAN, encoding="utf-8")
    return Traffic(folder, orders, sum(path.stat().st_size for path in folder.iterdir()))


if __name__ == "__main__":
    print(make(Path(sys.argv[1]), int(sys.argv[2])).bytes)
