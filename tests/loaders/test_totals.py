"""Daily totals: the plain table, GA4's reports and Meta Ads Manager's."""

from __future__ import annotations

from pathlib import Path

from .reading import Reading, money, read

DAILY = """\
date,source,event,count,value,currency
2026-11-20,meta,Purchase,3,450000,IDR
2026-11-20,Shopify,orders,3,450000.50,IDR
2026-11-20,snackvideo,EVENT_PURCHASE,2,,
2026-11-20,ga4,begin_checkout,9,,
2026-11-20,meta,PageView,30,,
20/11/2026,meta,Purchase,3,450000,IDR
2026-11-20,pinterest,Purchase,3,450000,IDR
2026-11-20,meta,Purchase,"1,234",450000,IDR
"""

GA4 = """\
# ----------------------------------------
# Events: Event name
# Account: Sample shop
# Property: Sample shop
# ----------------------------------------
#
# Start date: 20260501
# End date: 20260531

Date,Event name,Event count,Total users,Event count per active user,Total revenue
20260501,purchase,3,3,1,100.50
20260501,page_view,30,3,10,0
20260502,add_to_cart,4,3,1,0
,view_item,4,3,1,0

# Start date: 20260501
# End date: 20260531
Date,Transaction ID,Ecommerce purchases,Purchase revenue
20260501,T1,1,60
20260502,T2,1,40.50
"""

ADS = """\
Reporting starts,Reporting ends,Campaign name,Day,Results,Result indicator,Amount spent (IDR),Adds to cart,Purchases,\
Purchases conversion value,Attribution setting
2026-05-01,2026-05-02,,,3,,1000,4,3,450000,
2026-05-01,2026-05-02,Black shirt,2026-05-01,2,actions:offsite_conversion.fb_pixel_purchase,500,3,2,300000,7-day click
2026-05-01,2026-05-02,Black shirt,2026-05-02,,,500,,,,7-day click
2026-05-01,2026-05-02,Hats,,1,actions:offsite_conversion.fb_pixel_purchase,500,1,1,150000,7-day click
"""

ADS_IN_INDONESIAN = """\
Awal pelaporan,Akhir pelaporan,Nama kampanye,Hasil,Jumlah yang dibelanjakan (IDR)
2026-05-01,2026-05-01,Kaus hitam,2,500
"""


def totals(reading: Reading) -> list[str]:
    return reading.texts(
        f"select ref, day, origin, step, {money('count')}, {money('value')}, currency from totals order by ref, step"
    )


def test_daily_table(tmp_path: Path) -> None:
    reading = read(tmp_path, "totals.csv", DAILY)
    assert reading.loader == "totals"
    assert totals(reading) == [
        "totals.csv:2 | 2026-11-20 | meta | Purchase | 3 | 450000 | IDR",
        "totals.csv:3 | 2026-11-20 | shopify | Purchase | 3 | 450000.5 | IDR",
        "totals.csv:4 | 2026-11-20 | snackvideo | Purchase | 2 | - | -",
        "totals.csv:5 | 2026-11-20 | ga4 | InitiateCheckout | 9 | - | -",
    ]


def test_daily_table_ignores_other_events_and_rejects_what_it_cannot_read(tmp_path: Path) -> None:
    reading = read(tmp_path, "totals.csv", DAILY)
    assert reading.counts == (8, 4, 1, 3)
    assert reading.rejects == {
        "totals.csv:7": "the day 20/11/2026 is not written YYYY-MM-DD",
        "totals.csv:8": "the source pinterest is none of meta, tiktok, snackvideo, shopify, woocommerce, scalev, ga4, server",
        "totals.csv:9": "the count is no plain number",
    }


def test_ga4_report_with_several_tables_counts_a_day_and_step_once(tmp_path: Path) -> None:
    reading = read(tmp_path, "ga4.csv", GA4)
    assert reading.loader == "ga4"
    assert totals(reading) == [
        "ga4.csv:11 | 2026-05-01 | ga4 | Purchase | 3 | 100.5 | -",
        "ga4.csv:13 | 2026-05-02 | ga4 | AddToCart | 4 | 0 | -",
        "ga4.csv:20 | 2026-05-02 | ga4 | Purchase | 1 | 40.5 | -",
    ]
    assert reading.counts == (6, 3, 2, 1)
    assert reading.rejects == {"ga4.csv:14": "covers several days: add the dimension Date to the report"}
    assert reading.tally.gaps == ("values without a currency: amounts cannot be compared",)


def test_ga4_report_of_one_day_needs_no_date_column(tmp_path: Path) -> None:
    text = "# ---\n# Start date: 20260501\n# End date: 20260501\n\nEvent name,Event count,Total revenue\npurchase,3,9.5\n"
    assert totals(read(tmp_path, "ga4.csv", text)) == ["ga4.csv:6 | 2026-05-01 | ga4 | Purchase | 3 | 9.5 | -"]


def test_ads_manager_report_takes_its_currency_from_the_header(tmp_path: Path) -> None:
    reading = read(tmp_path, "ads.csv", ADS)
    assert reading.loader == "meta_ads"
    assert totals(reading) == [
        "ads.csv:3 | 2026-05-01 | meta | AddToCart | 3 | - | IDR",
        "ads.csv:3 | 2026-05-01 | meta | Purchase | 2 | 300000 | IDR",
    ]


def test_ads_manager_sums_and_empty_days_are_ignored_and_several_days_rejected(tmp_path: Path) -> None:
    reading = read(tmp_path, "ads.csv", ADS)
    assert reading.counts == (4, 1, 2, 1)
    assert reading.rejects == {"ads.csv:5": "covers several days: export the report with the breakdown by day"}


def test_ads_manager_in_another_language_is_named_as_unsupported(tmp_path: Path) -> None:
    reading = read(tmp_path, "ads.csv", ADS_IN_INDONESIAN)
    words = "Ads Manager report in another language: switch Ads Manager to English and export it again"
    assert (reading.loader, reading.counts) == ("meta_ads", (1, 0, 0, 1))
    assert reading.rejects == {"ads.csv:2": words}
    assert reading.tally.gaps == (words,)


def test_amounts_as_a_spreadsheet_writes_them(tmp_path: Path) -> None:
    head = "date;source;event;count;value;currency\n"
    amounts = ("meta;Purchase;3;1.184,14 €;EUR", "server;Purchase;3;450.000;IDR", "ga4;Purchase;3;1,184;USD")
    rows = "".join(f"2026-11-20;{row}\n" for row in amounts)
    reading = read(tmp_path, "totals.csv", head + rows)
    assert totals(reading) == [
        "totals.csv:2 | 2026-11-20 | meta | Purchase | 3 | 1184.14 | EUR",
        "totals.csv:3 | 2026-11-20 | server | Purchase | 3 | 450000 | IDR",
    ]
    assert reading.rejects == {"totals.csv:4": "the value is no plain number"}
