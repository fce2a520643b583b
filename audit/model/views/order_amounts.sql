-- The amounts of an order.

-- Every amount a shop could mean by an order's value, in the order they are tried.
create view order_bases as
with amounts as (
    select order_id, 1 as rank, 'total' as basis, total as amount, currency, true as differs from orders
    union all
    select order_id, 2, 'gross_revenue', gross_revenue, currency, true from orders
    union all
    select order_id, 3, 'net_revenue', net_revenue, currency, true from orders
    union all
    select order_id, 4, 'subtotal', subtotal, currency, true from orders
    union all
    select order_id, 5, 'total_less_shipping', total - shipping, currency, shipping <> 0 from orders
    union all
    select order_id, 6, 'total_less_tax', total - tax, currency, tax <> 0 from orders
    union all
    select order_id, 7, 'total_less_shipping_and_tax', total - shipping - tax + coalesce(shipping_tax, 0), currency, shipping <> 0 and tax <> 0 from orders
    union all
    select order_id, 8, 'before_discount', subtotal + discount, currency, discount <> 0 from orders
    union all
    select order_id, 9, 'total_less_fees', total - fees, currency, fees <> 0 from orders
    union all
    select order_id, 10, 'total_with_unique_code', total + unique_code, currency, unique_code <> 0 from orders
    union all
    select order_id, 11, 'presentment_total', presentment_total, presentment_currency, true from orders
    union all
    select order_id, 12, 'current_total', current_total, currency, current_total <> total from orders
    union all
    -- A total may hold the code already: the buyer transfers so much more.
    select order_id, 13, 'total_less_unique_code', total - unique_code, currency, true from orders where unique_code <> 0
    union all
    select order_id, 14, 'total_before_discount', total + discount, currency, true from orders where discount <> 0 and total <> subtotal
)
select
    a.order_id,
    a.rank,
    a.basis,
    a.amount,
    a.currency,
    bounded_tolerance(c.tolerance, a.amount) as tolerance,
    a.basis = l.value_basis as is_plan_basis,
    a.differs       -- false: another amount under a second name, as there is no tax to leave out
from amounts a
cross join launch l
left join currencies c on c.currency = a.currency
where a.amount is not null;

-- Those that are an amount of their own, or the plan's.
create table order_amounts as
select
    order_id,
    rank,
    basis,
    amount,
    currency,
    tolerance,
    is_plan_basis
from order_bases
where differs
   or is_plan_basis;
