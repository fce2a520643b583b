-- What else the captures hold belongs to the visit of its page load, else to the only visit of its file.
create or replace temp table beside as
select source, page_load, null as ref from loads
union
select source, page_load, null from actions
union
select source, page_load, ref from landings;
create or replace temp table load_sessions as
select page_load, min(session) as session
from events
where page_load in (select page_load from beside) and session is not null
group by page_load;
create or replace temp table ref_sessions as
select ref, min(session) as session
from events
where ref in (select ref from beside)
group by ref;
create or replace temp table file_sessions as
select source, min(session) as session
from events
where source in (select source from beside) and session is not null
group by source
having min(session) = max(session);
update loads set session = coalesce(
    (select session from load_sessions l where l.page_load = loads.page_load),
    (select session from file_sessions f where f.source = loads.source));
update landings set session = coalesce(
    (select session from load_sessions l where l.page_load = landings.page_load),
    (select session from ref_sessions r where r.ref = landings.ref),
    (select session from file_sessions f where f.source = landings.source));
update actions set session = coalesce(
    (select session from load_sessions l where l.page_load = actions.page_load),
    (select session from file_sessions f where f.source = actions.source));
