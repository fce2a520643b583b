/*
title    = "No expired waiver still covers a finding"
failure  = "A waiver has expired and what it covered is still there"
facet    = "evidence"
severity = "blocker"
asks_findings = true
needs    = ["waivers"]
why      = """
A waiver accepts a gap until a day, because somebody promised to close it by then. The day has passed and the gap is open: the
promise was not kept, and nobody has accepted it anew.
"""
means       = "The waiver's last day is over and the finding it accepted still stands; it counts again like any other."
first_check = "Ask the waiver's owner what became of the repair: not done, done and not live, or done and it did not help."
not_yet     = "Do not just move the date: that turns an accepted gap into a forgotten one."
remedy      = "Close the finding; or have its owner accept it anew, with a reason and a new date in audit.toml."
owner       = "media"
*/
with covered as (
    select
        w.waiver,
        count(*) as finding_count,
        min(f.ref) as ref
    from plan_waivers w
    join findings f on f.check_id = w.check_id
    where (w.subject = '*' or w.subject = f.subject or w.subject = f.order_id)
      -- A waiver in force that covers the same finding has taken its place.
      and f.waived is null
      and not f.ok
    group by w.waiver
),
asked as (
    select
        check_id,
        sum(examined) as examined
    from tallies
    group by check_id
)
select
    cast(null as varchar) as platform,
    cast(null as varchar) as step,
    'waiver of ' || replace(w.check_id, '_', ' ') || case when w.subject = '*' then '' else ' for ' || w.subject end as subject,
    cast(null as varchar) as order_id,
    case
        when w.expires >= l.judged_on then true
        when c.waiver is not null then false
        -- What its check did not look at may still be there.
        when coalesce(a.examined, 0) > 0 then true
    end as ok,
    'in force, or nothing left for it to cover' as expected,
    case
        when w.expires >= l.judged_on then 'in force until ' || w.expires
        when c.waiver is not null then 'expired ' || w.expires || ', accepted by ' || w.owner || '; still covers ' || c.finding_count
            || case when c.finding_count = 1 then ' finding' else ' findings' end
        when coalesce(a.examined, 0) > 0 then 'expired ' || w.expires || '; nothing left for it to cover'
        else 'expired ' || w.expires || '; its check had nothing to look at'
    end as actual,
    cast(null as varchar) as cause,
    c.ref,
    cast(null as varchar) as other_ref
from plan_waivers w
cross join launch l
left join covered c on c.waiver = w.waiver
left join asked a on a.check_id = w.check_id
