-- Amounts and times, as logs and exports write them.

-- A plain number of major units, else NULL.
create or replace macro plain_number(t) as
    case when regexp_full_match(trim(t), '-?[0-9]{1,15}([.][0-9]+)?([eE][+-]?[0-9]{1,2})?')
         then try_cast(trim(t) as decimal(24, 6)) end;

-- How a currency is named beside an amount, in small letters: not at all, by its code, or by its sign.
create or replace macro currency_signs(c) as
    list_concat(
        ['', lower(c)],
        case c
            when 'IDR' then ['rp']
            when 'EUR' then ['€']
            when 'GBP' then ['£']
            when 'JPY' then ['¥', '￥', '円']
            when 'CNY' then ['¥', '￥', '元']
            when 'KRW' then ['₩', '원']
            when 'VND' then ['₫', 'đ']
            when 'THB' then ['฿']
            when 'PHP' then ['₱']
            when 'INR' then ['₹']
            when 'MYR' then ['rm']
            when 'PLN' then ['zł']
            when 'BRL' then ['r$']
            when 'MXN' then ['$', 'mx$']
            else case when c like '__D' then ['$', lower(left(c, 2)) || '$'] else [] end
        end);

-- A currency as a column of an export names it: its code, or a sign that only one currency has. What is neither is not read.
create or replace macro currency_code(t) as
    case
        when regexp_full_match(trim(t), '[A-Za-z]{3}') then upper(trim(t))
        else case lower(rtrim(trim(t), '.'))
            when 'rp' then 'IDR'
            when '€' then 'EUR'
            when '£' then 'GBP'
            when '₩' then 'KRW'
            when '₫' then 'VND'
            when 'đ' then 'VND'
            when '฿' then 'THB'
            when '₱' then 'PHP'
            when '₹' then 'INR'
            when 'rm' then 'MYR'
            when 'zł' then 'PLN'
            when 'r$' then 'BRL'
        end
    end;

-- The currency that an amount names itself, by a sign that only one currency has or by its code: Rp 150.000, 12.50 EUR.
create or replace macro currency_of(amount) as
    case
        when not regexp_full_match(amount, '[-0-9.,]*') then list_transform(
            [regexp_replace(amount, '[-0-9., \x{a0}\x{202f}]', '', 'g')],
            lambda w: case when regexp_full_match(w, '[A-Z]{3}') or length(w) < 3 then currency_code(w) end)[1]
    end;

-- An amount without its own currency's code or sign, and without spaces between its groups of three. Another currency's sign stays,
-- and such an amount is not read.
create or replace macro bare_amount(t, currency) as
    case
        when currency is null or regexp_full_match(t, '[-0-9.,]*') then t
        else list_transform(
            [regexp_extract(
                trim(t),
                '^(-?)([^-0-9., \x{a0}\x{202f}]*)[.]?[ \x{a0}\x{202f}]*([0-9]{1,3}(?:[ \x{a0}\x{202f}][0-9]{3})+(?:[.,][0-9]+)?|[0-9][0-9.,]*)[ \x{a0}\x{202f}]*([^-0-9., \x{a0}\x{202f}]*)$',
                ['minus', 'before', 'number', 'behind'])],
            lambda p: case
                when p.number <> '' and list_contains(currency_signs(currency), lower(p.before || p.behind))
                    then p.minus || regexp_replace(p.number, '[ \x{a0}\x{202f}]', '', 'g')
                else t
            end)[1]
    end;

-- An amount of an order export, as a spreadsheet may have written it: groups of three, a decimal comma. In a currency nobody writes
-- with decimals (is_whole) one group is enough to tell (196.000 IDR); elsewhere the file must tell by its other amounts.
create or replace macro export_number(t, is_whole) as
    case
        when regexp_full_match(trim(t), '-?[0-9]{1,3}([.][0-9]{3}){2,}(,[0-9]{1,2})?|-?[0-9]{1,3}[.][0-9]{3},[0-9]{1,2}')
            or (coalesce(is_whole, false) and regexp_full_match(trim(t), '-?[1-9][0-9]{0,2}[.][0-9]{3}'))
            then plain_number(replace(replace(t, '.', ''), ',', '.'))
        when regexp_full_match(trim(t), '-?[0-9]{1,3}(,[0-9]{3}){2,}([.][0-9]{1,2})?|-?[0-9]{1,3},[0-9]{3}[.][0-9]{1,2}')
            or (coalesce(is_whole, false) and regexp_full_match(trim(t), '-?[1-9][0-9]{0,2},[0-9]{3}'))
            then plain_number(replace(t, ',', ''))
        when regexp_full_match(trim(t), '-?[0-9]{1,15},[0-9]{1,2}') then plain_number(replace(t, ',', '.'))
        else plain_number(t)
    end;

-- A time as a finding tells it: by the clock of the launch, whose zone is named behind it.
create or replace macro clock_time(t, form) as strftime(timezone(getvariable('zone'), timezone('UTC', t)), form);
create or replace macro told_time(t, form) as clock_time(t, form) || ' ' || getvariable('zone');
-- With its day only where that is another one than the day of what it is told beside.
create or replace macro told_clock(t, beside) as
    case
        when clock_time(t, '%Y-%m-%d') = clock_time(beside, '%Y-%m-%d') then told_time(t, '%H:%M:%S')
        else told_time(t, '%Y-%m-%d %H:%M:%S')
    end;
-- With its thousandths where it has some: two moments of one second are not told as one.
create or replace macro told_moment(t) as regexp_replace(clock_time(t, '%Y-%m-%d %H:%M:%S.%g'), '[.]000$', '') || ' ' || getvariable('zone');

-- A time as a log may write it: epoch seconds, ms, µs; ISO 8601 with an offset; without one it is read in the zone
-- the plan names (variable zone), else NULL.
create or replace macro offset_form(t) as
    regexp_replace(regexp_replace(t, ' ?([+-][0-9]{2}):?([0-9]{2})$', '\1:\2'), '([0-9]) (UTC|GMT)$', '\1+00:00');
-- A day with or without its time of the clock, year first.
create or replace macro names_no_zone(t) as
    regexp_full_match(t, '[0-9]{4}(-[0-9]{2}-[0-9]{2}|/[0-9]{1,2}/[0-9]{1,2})([T ][0-9:.,]+)?');
create or replace macro utc(t) as
    case
        -- A program's word for never: its first or its last moment.
        when t like '0___-%' or starts_with(t, '9999-') then null
        -- The most common ways first.
        when t like '____-__-__T%Z' and regexp_full_match(t, '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?Z')
            then try_cast(t as timestamp)
        when regexp_full_match(t, '[0-9]{9,10}') then make_timestamp(cast(t as bigint) * 1000000)
        when regexp_full_match(t, '[0-9]{9,10}([.][0-9]+)?') then make_timestamp(cast(cast(t as double) * 1000000 as bigint))
        when regexp_full_match(t, '[0-9]{12,13}([.][0-9]+)?') then make_timestamp(cast(cast(t as double) * 1000 as bigint))
        when regexp_full_match(t, '[0-9]{15,16}') then make_timestamp(cast(t as bigint))
        when regexp_matches(t, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].*([zZ]|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})$')
            then cast(try_cast(offset_form(replace(t, ',', '.')) as timestamptz) as timestamp)
        -- An access log's own way to write it: 20/Nov/2026:17:00:00 +0700. A mail's and HTTP's: Fri, 20 Nov 2026 10:00:00 GMT. A script's:
        -- Fri Nov 20 2026 17:00:00 GMT+0700 (WIB).
        when regexp_matches(t, '^([0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:|[A-Z][a-z]{2},? [A-Z0-9][A-Za-z0-9]* [A-Z0-9][a-z0-9]+ [0-9]{4} )[0-9:]{8} ')
            then cast(try_strptime(
                replace(replace(regexp_replace(t, ' [(].*$', ''), 'GMT+', '+'), 'GMT-', '-'),
                ['%d/%b/%Y:%H:%M:%S %z', '%a, %d %b %Y %H:%M:%S %z', '%a, %d %b %Y %H:%M:%S GMT', '%a %b %d %Y %H:%M:%S %z']) as timestamp)
        when names_no_zone(t) then cast(timezone(getvariable('zone'), try_cast(replace(t, ',', '.') as timestamp)) as timestamp)
        -- A database's own way: the hours of the offset alone. And names of zones that have one meaning only.
        when regexp_matches(t, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+ ?([+-][0-9]{2}|WIB|WITA|WIT|JST)$') then
            cast(try_cast(
                regexp_extract(t, '^.{10}[T ][0-9:.]+') || case right(t, 3)
                    when 'WIB' then '+07:00'
                    when 'ITA' then '+08:00'
                    when 'WIT' then '+09:00'
                    when 'JST' then '+09:00'
                    else right(t, 3) || ':00'
                end as timestamptz) as timestamp)
    end;

-- A day counted from the end of 1899, as a spreadsheet stores it; NULL for any other text.
create or replace macro serial_time(t) as
    case when regexp_full_match(t, '[3-6][0-9]{4}([.,][0-9]+)?')
         then strftime(
            timestamp '1899-12-30' + to_seconds(cast(round(cast(replace(t, ',', '.') as double) * 86400) as bigint)),
            '%Y-%m-%d %H:%M:%S') end;
-- Whether so many seconds behind a moment still tell of it: a page or a server takes a while, and clocks differ.
create or replace macro is_beside(seconds) as seconds between -300 and 600;

-- A time of an export: without a zone it is read in the plan's (variable plan_zone), and without that it cannot be told. In the hour
-- that autumn repeats the first of the two counts: nothing that followed the order then looks earlier than it.
create or replace macro clock_in_zone(t) as timezone(getvariable('plan_zone'), timezone('UTC', t));
create or replace macro utc_in_zone(t) as
    case
        when not names_no_zone(t) then utc(t)
        when getvariable('plan_zone') is not null then list_transform(
            [utc(t)],
            lambda u: case when clock_in_zone(u - interval 1 hour) = clock_in_zone(u) then u - interval 1 hour else u end)[1]
    end;

-- Money as a person writes it: no trailing zeros beyond the point, the currency behind it.
create or replace macro number_text(n) as
    regexp_replace(regexp_replace(cast(n as varchar), '([.][0-9]*?)0+$', '\1'), '[.]$', '');
create or replace macro money_text(n, currency) as
    regexp_replace(number_text(n), '([.][0-9])$', '\10') || coalesce(' ' || currency, '');

-- '1 order', '3 orders'.
create or replace macro counted(n, noun) as n || ' ' || noun || case when n = 1 then '' else 's' end;

-- An order amount by its name, with the slip of scale that makes it the value.
create or replace macro reading_text(basis, slip) as
    replace(basis, '_', ' ') || case slip when 'none' then '' when 'times_100' then ' times 100'
        when 'divided_by_100' then ' divided by 100' else ' with its thousands separator misread' end;

-- How a value was rounded from an amount: by a few cents, as lines or taxes that are rounded one by one come to, or to whole units.
-- NULL where it was not, and in currencies without cents.
create or replace macro rounding_of(value, amount, digits) as
    case
        when digits < 2 then null
        when abs(value - amount) <= least(0.05, amount * 0.005) then 'cents'
        when amount >= 10 and (value = floor(amount) or value = ceil(amount)) then 'whole'
    end;

-- The cause that an order amount stands for.
create or replace macro named_basis(basis) as
    case basis when 'total_before_discount' then 'before_discount' when 'total_less_unique_code' then 'total_with_unique_code' else basis end;

-- The moment a Meta cookie was made: part 3 of fbc and fbp, in milliseconds; NULL where it is anything else.
create or replace macro fb_created(t) as
    case when length(split_part(t, '.', 3)) = 13 and try_cast(split_part(t, '.', 3) as bigint) > 0
         then make_timestamp(try_cast(split_part(t, '.', 3) as bigint) * 1000) end;

-- When an event happened. A visitor's device may run on any clock: where a hit claims a time over a minute from the one at which it was
-- seen leaving, the second counts. A server's event may wait, so its own time stands.
create or replace macro happened(channel, event_at, seen_at) as
    case when channel = 'browser' and abs(epoch(event_at) - epoch(seen_at)) > 60 then seen_at else coalesce(event_at, seen_at) end;

-- The hours between two time zones that a number of seconds stands for, give or take two minutes; NULL where it is none of theirs.
create or replace macro zone_hours(seconds) as
    case
        when abs(seconds - 3600 * round(seconds / 3600)) <= 120 and round(seconds / 3600) between 1 and 14 then round(seconds / 3600)
        -- India, Nepal and a few others stand half an hour or a quarter away.
        when abs(seconds - 1800 * round(seconds / 1800)) <= 120 and round(seconds / 1800) / 2 in (2.5, 3.5, 4.5, 5.5, 6.5, 9.5, 10.5)
            then round(seconds / 1800) / 2
        when abs(seconds - 900 * round(seconds / 900)) <= 120 and round(seconds / 900) / 4 in (5.75, 8.75, 12.75)
            then round(seconds / 900) / 4
    end;
-- The same, or the hours of up to six whole days.
create or replace macro shift_hours(seconds) as
    case
        when seconds < 86280 then zone_hours(seconds)
        when abs(seconds - 86400 * round(seconds / 86400)) <= 120 and round(seconds / 86400) <= 6 then 24 * round(seconds / 86400)
    end;
-- How far a value may be from an amount. A tolerance is for rounding: beyond a twentieth of the amount it would hide what was left out.
create or replace macro bounded_tolerance(tolerance, amount) as
    cast(least(coalesce(tolerance, 0.01), greatest(1, abs(amount) * 0.05)) as decimal(24, 6));
