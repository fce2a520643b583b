"""The catalogue is whole: every check of the ten families is there, and the storefront guide's own checklist is answered."""

from __future__ import annotations

from datetime import datetime
from graphlib import TopologicalSorter
from html import escape
from pathlib import Path

import pytest

from audit import tables
from audit.check import FACETS, OPTIONAL, ROW, catalogue
from audit.plan import Plan
from audit.plan_tables import store_plan
from audit.scripts import MODEL
from audit.views import build_views
from reports.leaks import leaks
from reports.words import OF_RELAYS, UNDECIDABLE

FAMILIES = {
    "chain": """
        missing_browser_event missing_server_event missing_step step_out_of_order order_without_purchase
        purchase_without_order early_event event_without_action repeated_step excluded_order_purchase
        two_conversion_points
    """,
    "dedup": """
        missing_event_id event_id_mismatch event_name_mismatch dataset_mismatch dedup_window_exceeded reused_event_id
        nondeterministic_purchase_id undedupable_event dedup_coverage
    """,
    "senders": """
        duplicate_purchase duplicate_sender undeclared_sender silent_sender unowned_event unknown_dataset
        duplicate_pixel_load
    """,
    "money": """
        missing_value invalid_value missing_currency invalid_currency value_mismatch currency_mismatch
        channel_value_mismatch inconsistent_value_basis item_mismatch contents_total_mismatch
    """,
    "attribution": """
        missing_fbc malformed_fbc modified_fbc restamped_fbc expired_fbc missing_fbp malformed_fbp missing_ttclid
        missing_ttp missing_click_id unclicked_server_event click_id_mismatch expired_click_id missing_match_keys
        unattributable_test
    """,
    "delivery": """
        rejected_request unconfirmed_delivery blocked_request late_event event_time_out_of_range
        test_code_in_production disallowed_domain source_url_mismatch missing_source_url wrong_store
    """,
    "payload": """
        schema_violation missing_items numeric_item_id nonstandard_event_name missing_action_source
    """,
    "privacy": """
        personal_data_in_url personal_data_in_parameters unhashed_personal_data doubly_hashed_personal_data
        unconsented_event secret_in_log
    """,
    "reconciliation": """
        daily_gap reported_diagnostic
    """,
    "evidence": """
        incomplete_capture missing_evidence_card expired_waiver
    """,
}
IDS = [(family, check) for family, names in FAMILIES.items() for check in names.split()]

#: The production checklist of the storefront guide, and what answers each item.
CHECKLIST: dict[str, tuple[str, ...]] = {
    "load browser pixels once per page session": ("duplicate_pixel_load",),
    "capture click ids before events are fired": ("missing_fbc", "missing_ttclid", "missing_click_id"),
    "preserve the browser and click cookies": (
        "missing_fbp",
        "missing_ttp",
        "modified_fbc",
        "expired_click_id",
        "click_id_mismatch",
    ),
    "allow the storefront's domain for the pixel": ("disallowed_domain",),
    "fire after the represented action succeeded": ("early_event", "event_without_action"),
    "one event id for both copies": ("event_id_mismatch", "missing_event_id"),
    "deterministic ids for purchases": ("nondeterministic_purchase_id", "duplicate_purchase"),
    "send event_source_url and referrer_url": ("missing_source_url", "source_url_mismatch"),
    "send items with unique ids and quantities": ("missing_items", "numeric_item_id"),
    "skip SnackVideo's server event without a click id": ("unclicked_server_event",),
    "the path and the storefront key select the store": ("wrong_store", "schema_violation"),
    "skip conversions of spam orders": ("excluded_order_purchase",),
    "one conversion point": ("two_conversion_points",),
    "amounts as the storefront shows them": ("value_mismatch", "invalid_value"),
}
#: What of the guide no input can show; the packet lists it under "not tested".
UNTESTABLE = {
    "the pixels the relay forwards to are those of the page": "pixel",
    "checkout goes on when the analytics request fails": "checkout",
    "the store's own purchase trigger is off": "trigger",
}


def test_there_are_seventy_eight() -> None:
    assert len(IDS) == 78


@pytest.mark.parametrize(("family", "check"), IDS)
def test_every_id_of_the_catalogue_is_a_check_of_its_family(family: str, check: str) -> None:
    assert catalogue()[check].facet == family


def test_there_is_no_check_beside_them() -> None:
    assert set(catalogue()) == {check for _, check in IDS}
    assert set(FAMILIES) == set(FACETS)


def test_what_a_check_may_follow_from_exists_and_never_leads_back() -> None:
    graph = {
        check.id: {*check.follows, *(root for cause in check.causes.values() for root in cause.follows)}
        for check in catalogue().values()
    }
    assert {root for roots in graph.values() for root in roots} <= set(graph)
    assert {other for check in catalogue().values() for cause in check.causes.values() for other in cause.explains} <= set(graph)
    list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("check", catalogue())
def test_texts_are_written_for_a_person(check: str) -> None:
    found = catalogue()[check]
    causes = found.causes.values()
    texts = [found.why, *(text for c in causes for text in (c.means, c.first_check, c.not_yet, c.remedy))]
    # A sentence begins with a capital, a figure, or a field's own name.
    assert all(not text[0].islower() or text.startswith(("fbc", "fbp")) for text in texts), texts
    assert all(text.endswith((".", "?")) for text in texts), texts
    assert len(found.causes) == len({cause.means for cause in found.causes.values()}), "each cause says something of its own"
    own = [cause.failure for cause in found.causes.values() if cause.failure != found.failure]
    assert len(own) == len(set(own)), "a headline of its own tells a cause from the others"
    assert not any(text.endswith(".") for text in own), own


def test_every_check_gives_the_rows_the_contract_names() -> None:
    con = tables.connect()
    store_plan(con, Plan(), datetime(2026, 11, 20))
    build_views(con)
    for check in catalogue().values():
        names = {column[0] for column in con.execute(f"select * from (\n{check.sql}\n) limit 0").description or ()}
        assert set(ROW) <= names <= {*ROW, *OPTIONAL}, check.id


@pytest.mark.parametrize("item", CHECKLIST)
def test_the_guides_checklist_is_answered(item: str) -> None:
    assert set(CHECKLIST[item]) <= set(catalogue())


@pytest.mark.parametrize("item", UNTESTABLE)
def test_what_no_input_shows_is_said(item: str) -> None:
    assert any(UNTESTABLE[item] in str(text).lower() for text in (*OF_RELAYS, *UNDECIDABLE))


def test_no_check_writes_what_the_search_for_personal_data_takes_for_some(tmp_path: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (MODEL.parent / "checks").glob("*.sql")]
    (tmp_path / "packet.html").write_text("\n".join(escape(text) for text in texts), encoding="utf-8")
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    assert leaks(tmp_path) == ()
