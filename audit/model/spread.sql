-- Labels are followed one step along shared ties.

create or replace temp table spread as
with tie_labels as (
    select e.tie, min(l.label) as label
    from edges e
    join labels l on l.trace = e.trace
    group by e.tie
),
trace_labels as (
    select e.trace, min(t.label) as label
    from edges e
    join tie_labels t on t.tie = e.tie
    group by e.trace
)
-- A label is a trace with a label of its own: taking that one halves the way through a long chain of ties.
select t.trace, least(t.label, l.label) as label
from trace_labels t
join labels l on l.trace = t.label
