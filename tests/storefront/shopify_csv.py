"""The admin's order export: one row a line item, totals on an order's first row only."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

SHOP_ZONE = ZoneInfo("America/New_York")
ADDRESS = ("Name", "Street", "Address1", "Address2", "Company", "City", "Zip", "Province", "Country", "Phone")
HEADER = (
    "Name",
    "Email",
    "Financial Status",
    "Paid at",
    "Fulfillment Status",
    "Fulfilled at",
    "Accepts Marketing",
    "Currency",
    "Subtotal",
    "Shipping",
    "Taxes",
    "Total",
    "Discount Code",
    "Discount Amount",
    "Shipping Method",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
    "Lineitem compare at price",
    "Lineitem sku",
    "Lineitem requires shipping",
    "Lineitem taxable",
    "Lineitem fulfillment status",
    *(f"Billing {field}" for field in ADDRESS),
    *(f"Shipping {field}" for field in ADDRESS),
    "Notes",
    "Note Attributes",
    "Cancelled at",
    "Payment Method",
    "Payment Reference",
    "Refunded Amount",
    "Vendor",
    "Outstanding Balance",
    "Employee",
    "Location",
    "Device ID",
    "Id",
    "Tags",
    "Risk Level",
    "Source",
    "Lineitem discount",
    *(f"Tax {number} {part}" for number in range(1, 6) for part in ("Name", "Value")),
    "Phone",
    "Receipt Number",
    "Duties",
    "Billing Province Name",
    "Shipping Province Name",
    "Payment ID",
    "Payment Terms Name",
    "Next Payment Due At",
    "Payment References",
)


def write_orders_csv(path: Path, orders: list[dict[str, Any]]) -> None:
    """Writes the export, newest order first as the admin does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADER, restval="")
        writer.writeheader()
        for order in reversed(orders):
            for index, line in enumerate(order["line_items"]):
                writer.writerow({**_line(order, line), **(_totals(order) if index == 0 else {})})


def _line(order: dict[str, Any], line: dict[str, Any]) -> dict[str, str]:
    return {
        "Name": order["name"],
        "Email": order["buyer"]["email"],
        "Created at": _shop_time(order),
        "Lineitem quantity": str(line["quantity"]),
        "Lineitem name": line["title"],
        "Lineitem price": f"{line['price'] / 100:.2f}",
        "Lineitem sku": line["sku"],
        "Lineitem requires shipping": "true",
        "Lineitem taxable": "true",
        "Lineitem fulfillment status": "pending",
        "Vendor": "Sample Goods",
        "Lineitem discount": "0.00",
    }


def _totals(order: dict[str, Any]) -> dict[str, str]:
    buyer = order["buyer"]
    attributes = "\n".join(f"{name}: {value}" for name, value in order["attributes"].items())
    place = {
        "Name": buyer["name"],
        "Street": "1 Sample Street",
        "Address1": "1 Sample Street",
        "City": buyer["city"],
        "Zip": "'10001",
        "Province": buyer["province"],
        "Country": "US",
        "Phone": buyer["phone"],
    }
    return {
        "Financial Status": "paid",
        "Paid at": _shop_time(order),
        "Fulfillment Status": "unfulfilled",
        "Accepts Marketing": "no",
        "Currency": order["currency"],
        "Subtotal": order["subtotal_price"],
        "Shipping": order["total_shipping"],
        "Taxes": order["total_tax"],
        "Total": order["total_price"],
        "Discount Code": order["discount_code"],
        "Discount Amount": order["total_discounts"],
        "Shipping Method": "Standard",
        **{f"Billing {key}": value for key, value in place.items()},
        **{f"Shipping {key}": value for key, value in place.items()},
        "Note Attributes": attributes,
        "Payment Method": "Shopify Payments",
        "Payment Reference": f"r{order['id']}.1",
        "Refunded Amount": "0.00",
        "Outstanding Balance": "0.00",
        "Id": str(order["id"]),
        "Risk Level": "Low",
        "Source": "web",
        "Tax 1 Name": "State Tax 8%",
        "Tax 1 Value": order["total_tax"],
        "Phone": buyer["phone"],
        "Billing Province Name": "New York",
        "Shipping Province Name": "New York",
        "Payment ID": f"r{order['id']}.1",
        "Payment References": f"r{order['id']}.1",
    }


def _shop_time(order: dict[str, Any]) -> str:
    return f"{order['created_at'].astimezone(SHOP_ZONE):%Y-%m-%d %H:%M:%S %z}"
