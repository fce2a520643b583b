"""What the two test shops sell, who buys it, and the ad accounts behind them. All of it is invented."""

from __future__ import annotations

from dataclasses import dataclass

META_PIXEL = "4907283615028341"
SECOND_META_PIXEL = "7715520394418826"
TIKTOK_PIXEL = "CT7K2M3C77U9QF4RBEV0"
SNACKVIDEO_PIXEL = "587210394412663027"
SCALEV_STORE = "store_h4TqLm29XbRw"
OTHER_SCALEV_STORE = "store_Zp81vNc60KyE"
SHOP_HOST = "shop.example.com"


# Long on purpose: with it a Meta event outgrows a GET address and leaves as a form post.
BUNDLE_DESCRIPTION = (
    "Everything for two days away: one black shirt in heavy cotton, one white shirt in the same cut, one canvas cap "
    "with a brass buckle, one pair of linen shorts with four pockets, two pairs of ankle socks in grey and navy, one "
    "cotton scarf in the season's check, one roll-top bag that holds it all, and a laundry pouch. Shirts run true to "
    "size and are cut straight; shorts have an elastic waist with a cord. All pieces are washed before sewing, so "
    "they keep their size in the machine at thirty degrees. The bag takes 24 litres, fits under an aeroplane seat "
    "and has a sleeve for a laptop of up to fourteen inches. Delivered in one parcel; pieces can be exchanged one by "
    "one within thirty days, unworn and with their labels, at no cost to the buyer. Colours are as pictured in "
    "daylight. Black and navy should be washed apart for the first two times; do not tumble dry the bag. Buttons and "
    "buckles come with a spare in the pouch. Gift wrapping is free on request: write it in the order note."
)


@dataclass(frozen=True)
class Item:
    """One thing on sale, as a Scalev variant or bundle price option and as a Shopify variant."""

    slug: str
    name: str
    category: str
    kind: str
    number: int
    unique_id: str
    sku: str
    rupiah: int
    cents: int
    shopify_variant: int
    description: str


ITEMS = (
    Item(
        "black-shirt",
        "Black Shirt",
        "Apparel",
        "variant",
        81204,
        "variant_Qw7LmZ2cTfN9yKbR4xVd",
        "BSH-M",
        150_000,
        1_900,
        44_120_588_300_113,
        "Heavy cotton, straight cut.",
    ),
    Item(
        "canvas-cap",
        "Canvas Cap",
        "Apparel",
        "variant",
        81377,
        "variant_Hs5PvJ8dXkC3nGtA6uEw",
        "CAP-01",
        85_000,
        1_250,
        44_120_588_365_649,
        "Washed canvas, brass buckle.",
    ),
    Item(
        "weekend-bundle",
        "Weekend Bundle",
        "Bundles",
        "bundle",
        9051,
        "bundle_price_option_Rt3KzY6mBqF1sWxN8jLc",
        "WKB-01",
        265_000,
        3_499,
        44_120_588_431_185,
        BUNDLE_DESCRIPTION,
    ),
)
ITEM = {item.slug: item for item in ITEMS}


@dataclass(frozen=True)
class Buyer:
    """An invented buyer; every address is on example.com."""

    name: str
    email: str
    phone: str
    city: str
    province: str


BUYERS = {
    "scalev": (
        Buyer("Sari Contoh", "sari.contoh@example.com", "6281200000011", "Kota Bandung", "Jawa Barat"),
        Buyer("Budi Percobaan", "budi.percobaan@example.com", "6281200000022", "Kota Surabaya", "Jawa Timur"),
        Buyer("Dewi Ujicoba", "dewi.ujicoba@example.com", "6281200000033", "Kota Makassar", "Sulawesi Selatan"),
    ),
    "shopify": (
        Buyer("Jordan Sample", "jordan.sample@example.com", "12125550123", "New York", "NY"),
        Buyer("Riley Placeholder", "riley.placeholder@example.com", "17185550188", "Brooklyn", "NY"),
    ),
}
SPAMMER = Buyer("Anon Spamtest", "anon.spamtest@example.com", "6281200000099", "Kota Medan", "Sumatera Utara")

Basket = tuple[tuple[str, int], ...]
BASKETS: dict[str, tuple[Basket, ...]] = {
    "scalev": (
        (("black-shirt", 1),),
        (("black-shirt", 2), ("canvas-cap", 1)),
        (("weekend-bundle", 1),),
    ),
    "shopify": (
        (("black-shirt", 2), ("canvas-cap", 1)),
        (("weekend-bundle", 1),),
    ),
}
