-- Which orders must have events, and which are test orders (catalogue: "Must the order have events at all?", "Named orders").

insert into order_keys
select order_id, order_id, 'order_id'
from orders
where order_id not in (select key from order_keys where kind = 'order_id');

update orders
set is_failed = not coalesce(is_paid, false)
    and (
        coalesce(status in (
            select distinct status
            from orders
            where shop_status(status) in ('failed', 'payment_failed', 'payment failed', 'payment error', 'pembayaran gagal',
                'erreur de paiement', 'error de pago', 'error en el pago', 'erro de pagamento', 'zahlungsfehler', 'zahlung fehlgeschlagen')), false)
        or coalesce(payment_status in (
            select distinct payment_status
            from orders
            where shop_status(payment_status) in ('failed', 'failure', 'declined', 'denied', 'deny', 'refused', 'rejected', 'ditolak')), false)
    );

update orders
set duty_reason = case
        when is_spam then 'marked as spam'
        when is_test then 'flagged as a test by the shop'
        when is_failed then 'its payment failed'
        when is_cancelled and coalesce(cancelled_at <= created_at, false) then 'cancelled before it was placed'
        when regexp_full_match(order_source, '[0-9]+') then null
        when is_campaign_source(order_source) then 'its source ' || order_source || ' tells where the buyer came from, not where it was sold'
        when not is_web_source(order_source) then 'sold through ' || order_source
        when in_trash(status) then 'it lies in the shop''s trash, and the export does not say since when'
        else duty_reason  -- a loader's doubt
    end,
    event_duty = case
        when is_spam or is_test or is_failed then 'no'
        when is_cancelled and coalesce(cancelled_at <= created_at, false) then 'no'
        when regexp_full_match(order_source, '[0-9]+') then 'unknown'
        when is_campaign_source(order_source) then 'unknown'
        when not is_web_source(order_source) then 'no'
        when in_trash(status) then 'unknown'
        when duty_reason is not null then 'unknown'
        else 'yes'
    end
where event_duty is null;

update orders
set is_named = case
    when exists (select 1 from plan_test_orders) then exists (
        select 1
        from plan_test_orders t
        join order_keys k on k.key = t.order_key
        where k.order_id = orders.order_id
    )
    else (select count(*) from orders) <= 20
end;
