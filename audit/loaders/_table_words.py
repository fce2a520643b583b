"""What tables of orders call their columns, and the words they use in them."""

from __future__ import annotations

#: Our field -> the names a table may use for it; the first of a row that holds a value counts.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "order_id": (
        "order_id", "orderid", "id_order", "increment_id", "order_number", "order_no", "order_name", "order_ref", "order",
        "invoice_number", "invoice_no", "invoice", "number", "transaction_id",
        "no_pesanan", "nomor_pesanan", "id_pesanan", "kode_pesanan", "no_order", "nomor_order",
        "no_invoice", "nomor_invoice", "no_transaksi", "nomor_transaksi",
    ),
    "created_at": (
        "created_at", "created", "order_date", "order_created_at", "date_created", "ordered_at", "placed_at", "order_time",
        "created_time", "purchase_date", "date_add", "date_added", "order_date_time", "date", "timestamp",
        "tanggal_pesanan", "waktu_pesanan", "tanggal_order", "tanggal_dibuat", "tanggal_transaksi", "tanggal",
    ),
    "paid_at": (
        "paid_at", "date_paid", "paid_time", "paid_date", "payment_date", "tanggal_bayar", "tanggal_pembayaran", "waktu_pembayaran",
    ),
    "cancelled_at": ("cancelled_at", "canceled_at", "cancelled_time", "canceled_time", "tanggal_dibatalkan", "tanggal_pembatalan"),
    "changed_at": ("changed_at", "updated_at", "last_updated_at", "date_modified", "modified_at", "date_upd"),
    "currency": ("currency", "currency_code", "order_currency", "order_currency_code", "currency_iso_code", "mata_uang"),
    "presentment_currency": ("presentment_currency",),
    "total": (
        "total", "order_total", "total_price", "grand_total", "total_amount", "order_total_amount", "grand_total_purchased",
        "total_paid_tax_incl", "total_inc_tax", "order_total_inc_tax", "amount_total", "total_paid", "amount", "gross_revenue",
        "total_pesanan", "total_pembayaran", "total_bayar", "total_tagihan", "total_transaksi", "jumlah_pembayaran", "jumlah_bayar",
        "jumlah_total", "jumlah_tagihan",
    ),
    "gross_revenue": ("gross_revenue",),
    "net_revenue": ("net_revenue", "net_sales", "net_total"),
    "subtotal": ("subtotal", "sub_total", "subtotal_price", "subtotal_inc_tax", "total_products_wt", "subtotal_produk"),
    "discount": (
        "discount", "discounts", "discount_total", "total_discount", "total_discounts", "discount_amount", "cart_discount_amount",
        "total_discounts_tax_incl", "diskon", "total_diskon", "potongan",
    ),
    "shipping": (
        "shipping", "shipping_total", "shipping_cost", "shipping_price", "shipping_amount", "order_shipping_amount", "delivery_fee",
        "shipping_fee", "shipping_rate", "shipping_and_handling", "total_shipping_tax_incl", "shipping_cost_inc_tax",
        "ongkir", "ongkos_kirim", "biaya_kirim", "biaya_pengiriman",
    ),
    "tax": ("tax", "taxes", "tax_total", "total_tax", "tax_amount", "order_total_tax_amount", "vat", "pajak", "ppn"),
    "fees": ("fees", "fee", "fee_total", "payment_fee", "biaya_admin", "biaya_layanan"),
    "unique_code": ("unique_code", "kode_unik"),
    "refunded": (
        "refunded", "refunded_amount", "refunded_total", "refund_total", "total_refunded", "order_refund_amount", "refund_amount",
    ),
    "presentment_total": ("presentment_total",),
    "current_total": ("current_total", "current_total_price"),
    "status": ("status", "order_status", "state", "status_pesanan"),
    "payment_status": ("payment_status", "financial_status", "status_pembayaran"),
    "payment_method": ("payment_method", "gateway", "metode_pembayaran"),
    "is_spam": ("is_spam", "spam"),
    "is_test": ("is_test", "test", "test_order"),
    "source": ("source", "order_source", "source_name", "sales_channel", "channel"),
    "email": ("email", "customer_email", "billing_email", "buyer_email", "email_pelanggan", "email_pembeli"),
    "phone": (
        "phone", "phone_number", "customer_phone", "billing_phone", "buyer_phone", "no_hp", "nomor_hp", "no_telepon",
        "nomor_telepon", "telepon", "no_wa", "nomor_wa", "no_whatsapp",
    ),
    "items": ("items", "line_items", "lines"),
    "id": ("id", "entity_id"),
    "reference": ("reference",),
}  # fmt: skip
#: How a table says of a payment, in small letters, that the money came, or that it did not; what another word says is not known.
PAID = (
    "paid", "settled", "settlement", "captured", "capture", "succeeded", "success", "successful", "completed", "complete",
    "refunded", "partially_refunded",
)  # fmt: skip
UNPAID = (
    "unpaid", "pending", "open", "due", "overdue", "on-hold", "authorized", "authorised", "partially_paid", "partially paid",
    "voided", "void", "cancelled", "expired", "expire", "failed", "failure", "declined", "denied", "deny", "refused", "rejected",
    "ditolak",
)  # fmt: skip
#: Columns beside which an Indonesian amount is a number of pieces.
OF_GOODS = ("produk", "nama_produk", "barang", "nama_barang", "sku", "harga", "harga_satuan", "product", "product_name", "item")
#: Ways of paying, without accents and in small letters, for which the buyer leaves for no payment page.
AT_ONCE = (
    r"cod([^e]|$)|^(cash|tunai|bar|efectivo|contanti)$|on.?(delivery|pickup)|di.?tempat|nachnahme|contra.?(re|ss)|a.la.livraison"
    r"|contra.?entrega|na.entrega|alla.consegna|wire|bank|bacs|transfer|rekening|uberweisung|bonifico|vorkasse|virement|cheque|check.?mo"
    r"|money.?order|invoice|rechnung"
)
#: Words for an order that waits: not only the payment may.
OF_THE_GOODS = ("pending", "pendiente", "pendente", "ausstehend")
#: What stands before the sums below a table.
SUMS = ("total", "totals", "grand total", "sum", "jumlah", "total keseluruhan", "summe", "gesamt")
#: What a list of items may call a kind of id; the first that holds a value counts.
ITEM_IDS = {
    "item": ("item_id", "itemId", "id", "content_id", "item"),
    "variant": ("variant_id", "variantId", "variation_id", "variant"),
    "product": ("product_id", "productId", "product_code", "kode_produk"),
    "sku": ("sku", "item_sku", "product_sku", "variant_sku", "variant_unique_id"),
}
QUANTITIES = ("quantity", "qty", "qty_ordered", "count", "item_quantity", "jumlah", "kuantitas")
PRICES = ("price", "unit_price", "unitPrice", "item_price", "variant_price", "harga", "harga_satuan")
