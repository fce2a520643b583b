-- One fault is one root finding: what merely follows from it names its root's check in because_of. A check declares what it
-- may follow from; the first of those that failed on the same platform and step, and the same order or visit where both
-- have one, is the reason. A cause may declare more: a fault of the same row of a log, grave enough to have the whole request
-- refused; or what it explains, wherever that stands: such a cause follows from nothing itself, and accepting it accepts nothing
-- else. What cannot be told of an event whose fault is known follows from that fault too. What failed because of a waived root is
-- covered by the root's waiver, unless it weighs more, and so is what failed because of that. A blocker has to be near as well: of
-- the same order, visit or row, or both of none. What is not covered is no part of what was accepted: it follows from another root,
-- or stands for itself.
create or replace temp table possible_reasons as
with followers as (
    select f.finding, f.platform, f.step, f.order_id, f.session, c.follows, c.rank
    from findings f
    join check_follows c on c.check_id = f.check_id
    left join cause_explains x on x.check_id = f.check_id and x.cause = f.cause and x.explains = c.follows
    where x.cause is null
),
roots as (
    select finding, check_id, platform, step, order_id, session, cause, ref, severity, waived
    from findings
    where ok = false
),
-- Of several roots in one place the first that nobody accepted stands for all: one order may have thousands of them, and as many
-- followers.
roots_of_orders as (
    select coalesce(min(case when waived is null then finding end), min(finding)) as finding, check_id, platform, step, order_id
    from roots
    where order_id is not null
    group by check_id, platform, step, order_id
),
roots_of_visits as (
    select coalesce(min(case when waived is null then finding end), min(finding)) as finding, check_id, platform, step, session, order_id is null as any_order
    from roots
    where session is not null
    group by check_id, platform, step, session, order_id is null
),
blocking_roots_of_rows as (
    select coalesce(min(case when waived is null then finding end), min(finding)) as finding, check_id, ref
    from roots
    where severity = 'blocker' and ref is not null
    group by check_id, ref
),
-- Where order or visit do not say, any root of that check on the same platform and step is one.
unplaced_roots as (
    select coalesce(min(case when waived is null then finding end), min(finding)) as finding, check_id, platform, step, order_id is null as any_order, session is null as any_session
    from roots
    group by check_id, platform, step, order_id is null, session is null
),
declared as (
    select f.finding, r.finding as root, f.rank, true as is_near
    from followers f
    join roots_of_orders r
        on r.check_id = f.follows
       and r.order_id = f.order_id
    where r.finding <> f.finding
      and (r.platform is null or f.platform is null or r.platform = f.platform)
      and (r.step is null or f.step is null or r.step = f.step)
    union all
    select f.finding, r.finding as root, f.rank, true as is_near
    from followers f
    join roots_of_visits r
        on r.check_id = f.follows
       and r.session = f.session
    where r.finding <> f.finding
      and (r.any_order or f.order_id is null)
      and (r.platform is null or f.platform is null or r.platform = f.platform)
      and (r.step is null or f.step is null or r.step = f.step)
    union all
    select f.finding, r.finding as root, f.rank,
        f.order_id is null and f.session is null and r.any_order and r.any_session as is_near
    from followers f
    join unplaced_roots r
        on r.check_id = f.follows
    where r.finding <> f.finding
      and (r.any_order or f.order_id is null)
      and (r.any_session or f.session is null)
      and (r.platform is null or f.platform is null or r.platform = f.platform)
      and (r.step is null or f.step is null or r.step = f.step)
),
in_one_row as (
    select f.finding, r.finding as root, c.rank
    from cause_follows c
    join findings f on f.check_id = c.check_id and f.cause = c.cause
    join blocking_roots_of_rows r on r.check_id = c.follows and r.ref = f.ref
),
explained as (
    select f.finding, min(r.finding) as root, -1 as rank
    from cause_explains c
    join roots r on r.check_id = c.check_id and r.cause = c.cause
    join findings f on f.check_id = c.explains and (f.check_id <> r.check_id or f.cause is distinct from r.cause)
    where r.waived is null  -- who accepts the root has not seen what it would explain
    group by f.finding
),
failed_copies as (
    select finding, platform, step, ref from findings where ok = false and severity <> 'note'
    union all
    select finding, platform, step, other_ref from findings where ok = false and severity <> 'note' and other_ref is not null
),
failed_events as (
    select min(finding) as finding, platform, step, ref from failed_copies group by platform, step, ref
),
undecided as (
    select
        f.finding,
        r.finding as root,
        1000 + r.finding as rank
    from findings f
    join failed_events r
        on r.ref = f.ref
       and r.platform = f.platform
       and r.step = f.step
    where f.ok is null
)
select finding, root, rank, is_near from declared
union all
select finding, root, rank, true as is_near from in_one_row
union all
select finding, root, rank, true as is_near from explained
union all
select finding, root, rank, true as is_near from undecided;

create or replace temp table reasons as
with failed_rows as (
    select check_id, ref from findings where ok = false and ref is not null
    union
    select check_id, other_ref from findings where ok = false and other_ref is not null
),
ranked as (
    select
        p.finding,
        p.root,
        r.check_id as because_of,
        p.is_near or w.ref is not null as is_near,
        row_number() over (partition by p.finding order by p.rank, r.waived is not null, p.root, not p.is_near) as nth
    from possible_reasons p
    join findings r on r.finding = p.root
    join findings f on f.finding = p.finding
    left join failed_rows w on w.check_id = r.check_id and w.ref = f.ref
)
select finding, root, because_of, is_near
from ranked
where nth = 1;

update findings
set because_of = r.because_of
from reasons r
where r.finding = findings.finding;

create or replace temp table accepted as
with recursive covered as (
    select finding, severity, waived
    from findings
    where waived is not null
    union
    select f.finding, f.severity, c.waived
    from covered c
    join reasons r on r.root = c.finding
    join findings f on f.finding = r.finding
    where f.ok = false
      and f.waived is null
      -- Accepting a warning accepts no blocker that follows from it, and accepting one order's fault no other's.
      and (f.severity <> 'blocker' or (c.severity = 'blocker' and r.is_near))
)
select finding, min(waived) as waived
from covered
group by finding;

update findings
set waived = a.waived
from accepted a
where a.finding = findings.finding;

create or replace temp table left_open as
with ranked as (
    select
        f.finding,
        o.check_id as because_of,
        row_number() over (partition by f.finding order by o.finding is null, p.rank, o.finding) as nth
    from findings f
    join reasons r on r.finding = f.finding
    join accepted a on a.finding = r.root
    join possible_reasons p on p.finding = f.finding
    left join findings o on o.finding = p.root and o.waived is null
    where f.waived is null
)
select finding, because_of
from ranked
where nth = 1;

update findings
set because_of = l.because_of
from left_open l
where l.finding = findings.finding;
