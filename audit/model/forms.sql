-- reads: case when starts_with(body, '"{') or contains(url, '64;') or contains(url, '40;') or contains(url, 'commat;') then true when host = 'graph.facebook.com' and not starts_with(body, '{"data":[{') then contains(body, 'data=') or regexp_matches(body, '"data" ?: ?("\[|\["[{])') else false end
-- Before an address is taken apart at its ampersands.
update requests
set url = with_at_signs(url),
    path = coalesce(url_path(with_at_signs(url)), nullif(regexp_extract(with_at_signs(url), '^(/[^?#]*)', 1), '')),
    query = url_query(with_at_signs(url))
where with_at_signs(url) <> url;

-- A logger may write a body that is JSON text already as JSON once more.
update requests
set body = json_extract_string(body, '$'),
    has_secret = has_secret or coalesce(is_token(regexp_extract(json_extract_string(body, '$'), '"access_token" *: *"([^"]*)"', 1)), false)
where starts_with(body, '"{')
  and json_valid(body);

-- A request to Graph may be a form: data=<JSON>&test_event_code=…, as some clients post it. It says what a JSON body would say.
update requests
set body = f.body,
    has_secret = requests.has_secret or f.has_secret
from (
    with forms as (
        select
            ref,
            form_names(body) as names,
            form_values(body) as texts
        from requests
        where host = 'graph.facebook.com'
          and regexp_matches(body, '^[A-Za-z_]+=')
          and regexp_matches(body, '(^|&)data=')
    )
    select
        ref,
        '{"data":' || whole_characters(param(names, texts, 'data'))
            || coalesce(',"test_event_code":' || cast(to_json(param(names, texts, 'test_event_code')) as varchar), '')
            || coalesce(',"partner_agent":' || cast(to_json(param(names, texts, 'partner_agent')) as varchar), '')
            || '}' as body,
        is_token(param(names, texts, 'access_token')) as has_secret
    from forms
) f
where f.ref = requests.ref
  and f.body is not null;

-- Or an object whose list of events is a text: the fields of such a form, logged as they were handed to the client.
update requests
set body = cast(json_merge_patch(body, '{"data":' || json_extract_string(body, '$.data') || '}') as varchar)
where host = 'graph.facebook.com'
  and starts_with(body, '{')
  and (contains(body, '"data":"[') or contains(body, '"data": "['))
  and json_valid(body)
  and json_valid(json_extract_string(body, '$.data'));

-- Or its list holds each event as a text, which is what Meta's own client for Python posts: data=["{…}"].
update requests
set body = cast(json_merge_patch(body, '{"data":[' || array_to_string(list_transform(
        try(from_json(json_extract(body, '$.data'), '["VARCHAR"]')), lambda t: whole_characters(t)), ',') || ']}') as varchar)
where host = 'graph.facebook.com'
  and starts_with(body, '{')
  and regexp_matches(body, '"data" ?: ?\["[{]')
  and json_valid(body)
  and coalesce(json_valid('[' || array_to_string(list_transform(
        try(from_json(json_extract(body, '$.data'), '["VARCHAR"]')), lambda t: whole_characters(t)), ',') || ']'), false);
