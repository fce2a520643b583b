"""The slips of the two shops recorded in real Chromium, by the name ``tests.storefront`` gives them.

Those the rows of ``decoded_shop`` show as well are left to it: a recording takes its time.
"""

from __future__ import annotations

#: name of the slip -> the roots it must leave
SCALEV: dict[str, tuple[str, ...]] = {
    "regenerate_event_ids": ("event_id_mismatch:regenerated@meta",),
    "missing_event_id": ("missing_event_id:absent@meta",),
    "missing_tiktok_event_id": ("missing_event_id:empty_string@tiktok",),
    "event_id_third_argument": ("missing_event_id:misplaced@meta",),
    "undefined_order_id": ("reused_event_id:placeholder",),
    "random_purchase_ids": ("nondeterministic_purchase_id",),
    "fixed_view_id": ("reused_event_id:unknown",),
    "tiktok_purchase_name": ("event_name_mismatch:tiktok_rename@tiktok",),
    "double_sender": ("duplicate_sender:two_agents@meta",),
    "second_pixel": ("duplicate_purchase:second_dataset@meta",),
    "double_call": ("repeated_step:same_page_double_call@meta",),
    "double_relay": ("duplicate_purchase:retry_new_id@meta",),
    "reload_refires": ("duplicate_purchase:reload",),
    "payment_page_purchase": ("two_conversion_points:payment_page",),
    "value_without_shipping": ("value_mismatch:net_revenue",),
    "value_thousands": ("value_mismatch:thousands_separator",),
    "lost_click_ids": (
        "missing_fbc:browser@meta",
        "missing_fbc:server@meta",
        "missing_ttclid:server@tiktok",
        "missing_click_id@snackvideo",
    ),
    "fbc_not_forwarded": ("missing_fbc:server@meta",),
    "click_id_not_forwarded": ("missing_server_event:no_request_seen@snackvideo",),
    "snackvideo_without_click_id": ("unclicked_server_event:absent@snackvideo",),
    "snackvideo_invented_click_id": ("unclicked_server_event:invented@snackvideo",),
    "restamped_fbc": ("restamped_fbc@meta",),
    "truncated_fbclid": ("modified_fbc:truncated@meta",),
    "no_browser_purchase": ("missing_browser_event:unknown@meta",),
    "no_purchase_at_all": ("order_without_purchase:never_fired@meta",),
    "no_view_content": ("missing_step:never_fired",),
    "purchase_before_checkout": ("early_event:before_action",),
    "cart_event_on_page_load": ("event_without_action:page_load",),
    # facebook-for-woocommerce#1614: the cart event again on the next page. SnackVideo's log shows neither pages nor acts: there
    # the second event is one too soon after the first.
    "cart_event_on_next_page": ("event_without_action:page_load", "repeated_step:same_page_double_call@snackvideo"),
    "meta_blocked": ("missing_browser_event:blocked@meta",),
    "meta_library_blocked": ("missing_browser_event:library_not_loaded@meta",),
    "tiktok_blocked": ("missing_browser_event:library_not_loaded@tiktok",),
    "spam_order_purchase": ("excluded_order_purchase:spam",),
    "relay_rejected": ("rejected_request:bad_request@meta",),
    "wrong_store": ("wrong_store",),
    "localhost_source_url": ("disallowed_domain:localhost",),
    "missing_source_url": ("missing_source_url",),
    "missing_referrer": ("missing_source_url",),
    "missing_variants": ("missing_items:relay_items",),
    "parent_item_ids": ("item_mismatch:variant_or_parent@meta",),
    "email_in_url": ("personal_data_in_url:email",),
}
SHOPIFY: dict[str, tuple[str, ...]] = {
    "server_regenerates_ids": ("event_id_mismatch:regenerated",),
    "server_drops_ids": ("missing_event_id:absent",),
    "server_subtotal": ("value_mismatch:subtotal",),
    "server_currency": ("currency_mismatch:other",),
    "server_other_pixel": ("dataset_mismatch@meta",),
    "server_tiktok_name": ("event_name_mismatch:tiktok_rename@tiktok",),
    "server_no_action_source": ("missing_action_source@meta",),
    "server_test_code": ("test_code_in_production",),
    "server_plain_text": ("unhashed_personal_data",),
    "server_hashes_twice": ("doubly_hashed_personal_data",),
    "server_milliseconds": ("event_time_out_of_range:milliseconds",),
    "server_stale_time": ("event_time_out_of_range:stale",),
    "server_lost_click_ids": (
        "missing_fbc:server@meta",
        "missing_fbp:server@meta",
        "missing_ttclid:server@tiktok",
        "missing_ttp:server@tiktok",
    ),
    "server_token_expired": ("rejected_request:unauthorised@meta",),
    "server_no_meta": ("missing_server_event:no_request_seen@meta",),
    "server_sends_twice": ("duplicate_purchase:retry_new_id@meta",),
    "missing_event_id": ("missing_event_id:absent@meta",),
    "tiktok_purchase_name": ("event_name_mismatch:tiktok_rename@tiktok",),
    "value_subtotal": ("value_mismatch:subtotal",),
    "value_times_100": ("value_mismatch:times_100",),
    "currency_idr": ("currency_mismatch:other",),
    "reload_refires": ("duplicate_purchase:reload",),
}
#: Recorded in every run: what only a browser shows, and one of each kind. The others are for the soak; the shops made of rows and
#: the stories, which were recorded once, hold their like.
ALWAYS = {
    "scalev": frozenset(
        [
            "event_id_third_argument",
            "payment_page_purchase",
            "purchase_before_checkout",
            "meta_blocked",
        ]
    ),
    "shopify": frozenset(
        [
            "server_token_expired",
            "reload_refires",
        ]
    ),
}
#: Slips only two shoppers can show.
NEEDS_TWO_ORDERS = frozenset({"undefined_order_id", "fixed_view_id"})
#: Variations that are no slip.
INNOCENT = {"scalev": ("spam_order_skipped",), "shopify": ("reload_same_id",)}
