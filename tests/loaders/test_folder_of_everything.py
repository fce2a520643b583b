"""One of every kind of file in one folder: each is claimed by exactly one loader, and its rows are all accounted for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import engine
from audit.loaders import claimant, loaders
from audit.loaders._source import read_source
from audit.plan import Plan

from . import (
    test_access_logs,
    test_diagnostics,
    test_har_dialects,
    test_omnibug,
    test_scalev,
    test_server_containers,
    test_shopify,
    test_shopify_graphql,
    test_table,
    test_test_events,
    test_totals,
    test_woocommerce,
    test_wrapped_logs,
)
from .reading import read

HAR = {
    "log": {
        "version": "1.2",
        "entries": [
            {
                "startedDateTime": "2026-11-20T10:00:00.100Z",
                "time": 20,
                "request": {"method": "GET", "url": "https://www.facebook.com/tr/?id=1&ev=Purchase&eid=A-1", "headers": []},
                "response": {"status": 200, "content": {}},
            }
        ],
    }
}
CALL = {"ts": "2026-11-20T10:00:00Z", "platform": "meta", "pixel_id": "1", "event": "Purchase", "event_id": "A-1"}
REQUEST = {"ts": "2026-11-20T10:00:00Z", "method": "POST", "url": "https://graph.facebook.com/v21.0/1/events", "status": 200}
REQUEST_WITH_BODY = REQUEST | {"body": test_server_containers.BODY}
GENERIC = {"order_id": "A-1", "created_at": "2026-11-20T10:00:00Z", "currency": "EUR", "total": "9.50"}
RELAY = {"ts": "2026-11-20T10:00:00Z", "method": "POST", "path": "/v3/stores/s/public/analytics/meta/events", "body": {}}
BIGQUERY = {
    "tag_name": "Facebook", "type": "Request", "trace_id": "t1", "event_name": "Purchase", "request_method": "POST",
    "request_url": "https://graph.facebook.com/v21.0/1/events", "request_body": "{}", "timestamp": 1795158301000,
}  # fmt: skip


def _wrapped(order: dict[str, Any]) -> dict[str, str]:
    """The ways an interface hands out an order."""
    return {
        "bare": json.dumps(order),
        "pretty": json.dumps(order, indent=2),
        "list": json.dumps([order]),
        "order": json.dumps({"order": order}),
        "orders": json.dumps({"orders": [order]}, indent=1),
        "data": json.dumps({"data": [order], "total": 1}),
        "line": json.dumps(order) + "\n" + json.dumps(order) + "\n",
    }


FILES: dict[str, tuple[str, str]] = {
    "browser/capture.har": ("har", json.dumps(HAR)),
    "browser/calls.ndjson": ("pixel_log", json.dumps(CALL) + "\n"),
    "server/requests.ndjson": ("request_log", json.dumps(REQUEST_WITH_BODY) + "\n"),
    "server/relay.json": ("request_log", json.dumps([RELAY])),
    "server/sgtm.ndjson": ("sgtm", json.dumps(test_server_containers.request()) + "\n"),
    "server/bigquery.ndjson": ("sgtm", json.dumps(BIGQUERY) + "\n"),
    "server/cloud.json": ("cloud_logging", json.dumps([test_server_containers.entry(1, jsonPayload=REQUEST)])),
    "server/payload.json": ("capi_payload", json.dumps(test_server_containers.BODY)),
    "orders/shopify.csv": ("shopify", test_shopify.CSV),
    **{
        f"orders/graphql_{shape.replace(' ', '_')}.json": ("shopify_graphql", write(test_shopify_graphql.ORDER))
        for shape, (write, _) in test_shopify_graphql.SHAPES.items()
    },
    "orders/analytics.csv": ("woocommerce", test_woocommerce.ANALYTICS),
    "orders/plugin.csv": ("woocommerce", test_woocommerce.PLUGIN),
    "orders/webtoffee.csv": ("woocommerce", test_woocommerce.WEBTOFFEE),
    "orders/scalev.csv": ("scalev", "order_id,gross_revenue,created_at\nB-1,5,2026-11-20T10:00:00Z\n"),
    "orders/table.csv": ("table", test_table.CSV),
    "totals/daily.csv": ("totals", test_totals.DAILY),
    "totals/ga4.csv": ("ga4", test_totals.GA4),
    "totals/ads.csv": ("meta_ads", test_totals.ADS),
    "totals/ads_id.csv": ("meta_ads", test_totals.ADS_IN_INDONESIAN),
    **{
        f"browser/{name}.har": ("har", content if isinstance(content, str) else content.decode())
        for name, content in test_har_dialects.DIALECTS.items()
    },
    "browser/omnibug.csv": ("omnibug", test_omnibug.export()),
    "browser/omnibug.tab": ("omnibug", test_omnibug.export("\t")),
    **{f"server/{writer}.log": ("request_log", json.dumps(line) + "\n") for writer, line in test_access_logs.LINES.items()},
    **{
        f"server/{writer}.{'csv' if writer.endswith('CSV') else 'txt'}": ("wrapped_log", text)
        for writer, text in test_wrapped_logs.FILES.items()
    },
    "diagnostics/test_events.csv": ("test_events", test_test_events.TEST_EVENTS),
    "diagnostics/quality.json": ("diagnostics", json.dumps(test_diagnostics.ANSWER)),
    **{
        f"orders/{loader}_{way}.json": (loader, text)
        for loader, order in (
            ("shopify", test_shopify.ORDER),
            ("woocommerce", test_woocommerce.ORDER),
            ("scalev", test_scalev.ORDER),
            ("table", GENERIC),
        )
        for way, text in _wrapped(order).items()
    },
}
NOT_EVIDENCE = {
    "notes.md": "# How to export\nOpen the admin.\n",
    "products.csv": "handle,title,price\nshirt,Black shirt,150000\n",
    "settings.json": '{"theme": "dark", "total": 5}',
    "endpoint.json": '{"capi": {"url": "https://graph.facebook.com/v23.0/1234567890/events", "method": "POST"}}',
    "pixel.js": "fbq('track', 'Purchase');\n",
    "customers.csv": "customer_id,email,total\n1,a@example.com,5\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {**{name: text for name, (_, text) in FILES.items()}, **NOT_EVIDENCE}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    duckdb.execute(
        "copy (select 'P-1' as order_id, timestamptz '2026-11-20 07:05:00+00' as created_at, 'IDR' as currency, 5.5 as total)"
        f" to '{tmp_path / 'orders' / 'table.parquet'}' (format parquet)"
    )
    return tmp_path


def test_every_file_is_claimed_by_its_own_loader_and_no_other(folder: Path) -> None:
    expected = {name: loader for name, (loader, _) in FILES.items()} | {"orders/table.parquet": "table"}
    for name, loader in expected.items():
        source = read_source(folder / name, name)
        claims = [known for known, module in loaders().items() if module.claims(source)]
        assert claims == [loader], name
    for name in NOT_EVIDENCE:
        assert claimant(read_source(folder / name, name)) is None, name


def test_every_loader_has_a_file_in_this_folder() -> None:
    assert {loader for loader, _ in FILES.values()} == set(loaders())


def test_the_folder_is_read_whole(folder: Path) -> None:
    files = [engine.InputFile(path, str(path.relative_to(folder))) for path in sorted(folder.rglob("*")) if path.is_file()]
    audit = engine.read(files, Plan())
    assert sorted(name.split(" (")[0] for name in audit.unrecognised) == sorted(NOT_EVIDENCE)
    assert "products.csv (a list of products: export the orders instead)" in audit.unrecognised
    unbalanced = "select * from sources where read_rows <> kept + ignored + rejected or kept < 0 or ignored < 0 or rejected < 0"
    assert audit.con.execute(unbalanced).fetchall() == []
    uncounted = """
        select s.source, s.rejected, count(r.ref)
        from sources s
        left join rejects r on r.source = s.source
        group by s.source, s.rejected
        having s.rejected <> count(r.ref)
    """
    assert audit.con.execute(uncounted).fetchall() == []
    assert audit.con.execute("select order_id from orders group by order_id having count(*) > 1").fetchall() == []
    ids = {row[0] for row in audit.con.execute("select order_id from orders").fetchall()}
    assert {"A-1", "B-1", "P-1", "1001", "1002", "9999", "W-1042", "250130JQHFZG", "000001"} <= ids


ORDERS: dict[str, dict[str, Any]] = {
    "scalev": test_scalev.ORDER,
    "shopify": test_shopify.ORDER,
    "shopify_graphql": test_shopify_graphql.ORDER | {"lineItems": {"nodes": test_shopify_graphql.LINES}},
    "woocommerce": test_woocommerce.ORDER,
    "table": GENERIC,
}
ROWS = st.one_of(
    st.sampled_from([json.dumps(order) for order in ORDERS.values()]),
    st.sampled_from(["{half", "[]", "5", "null", '"text"', "{}", '{"order_id": null}', '{"order_id": {"a": 1}, "total": []}']),
    st.builds(
        lambda total, when: json.dumps(GENERIC | {"total": total, "created_at": when}),
        st.one_of(st.integers(), st.floats(allow_nan=False), st.text(max_size=20), st.none()),
        st.one_of(st.integers(0, 10**17), st.text(max_size=30), st.just("20/11/2026")),
    ),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3).map(json.dumps),
)


@pytest.mark.parametrize("loader", ORDERS)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, max_size=16))
def test_rows_of_any_kind_are_accounted_for(tmp_path: Path, loader: str, rows: list[str]) -> None:
    first = ORDERS[loader] | {"a key of its own": loader}
    reading = read(tmp_path, "rows.ndjson", "\n".join([json.dumps(first), json.dumps(first), *rows]) + "\n", only=loader)
    assert reading.tally.read == len(rows) + 2
    assert len(reading.rejects) == reading.tally.rejected


CELLS = st.text(alphabet=st.sampled_from("abc019,\"'\n;- é\x00"), max_size=8)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=16))
def test_cells_of_any_kind_are_accounted_for(tmp_path: Path, rows: list[list[str]]) -> None:
    body = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    reading = read(tmp_path, "rows.csv", f"order_id,created_at,currency,total\nA,2026-11-20T10:00:00Z,EUR,1\n{body}\n")
    assert reading.tally.rejected == len(reading.rejects)
