create or replace function export_json(x exports) returns json language sql stable as $$
    select json_build_object('id', x.id, 'state', x.state, 'bytes', x.bytes, 'created_at', x.created_at,
        'finished_at', x.finished_at, 'expires_at', x.expires_at)
$$;

-- The caller's unfinished export, or a new one; at most three a day.
create or replace function export_request(p_id uuid) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    x exports;
begin
    perform pg_advisory_xact_lock(hashtextextended('exports/' || caller(), 0));
    select * into x from exports where user_id = caller() and state in ('requested', 'running') limit 1;
    if found then return export_json(x); end if;
    if (select count(*) from exports
        where user_id = caller()
          and created_at >= date_trunc('day', now() at time zone 'utc') at time zone 'utc') >= 3 then
        return refusal(429, 'EXPORT_LIMIT', 'there are three exports a day');
    end if;
    insert into exports (id, user_id) values (p_id, caller()) returning * into x;
    return export_json(x);
end $$;

-- The tables with users' rows that are no section of the archive, and why. Any other table is one.
create or replace function export_exceptions() returns table (name text, reason text) language sql immutable as $$
    values ('conversations', 'written page by page'), ('messages', 'written with their conversations'),
           ('generations', 'the messages have their results'), ('provider_calls', 'what the operator paid'),
           ('usage_log', 'usage_daily has the sums'), ('message_quota', 'usage_daily has the sums'),
           ('cancellations', 'requests under way'), ('identity_flows', 'requests under way, with secrets'),
           ('email_links', 'secrets'), ('known_devices', 'secrets'), ('refresh_tokens', 'secrets'),
           ('idempotency_keys', 'secrets'),
           ('two_factor', 'secrets'), ('user_keys', 'secrets'), ('export_parts', 'the archives themselves'),
           ('trusted_contacts', 'written behind the profile, for the download opens both'),
           ('crisis_alerts', 'sealed evidence; GET /crisis/alerts/mine has the rest')
$$;

-- The octets by which a sealed value of a column ("table.column") is longer than what it opens to.
create or replace function sealed_excess(p_column text, p_value text) returns int language sql immutable as $$
    select case when p_value like 'sealed:%' then
        length(p_value) - ((length(p_value) - length('sealed:' || p_column || ':')) * 3 / 4 - 40) else 0 end
$$;

-- The archive's sections beside the profile and the conversations: a table, and the condition for the user's rows.
create or replace function export_sections() returns table (name text, owner text) language sql stable as $$
    select t.name, t.own from tables_of_users() with ordinality t(name, own, position)
    where t.name not in (select e.name from export_exceptions() e) order by t.position
$$;

-- The user's rows of a table, those that fit the condition `p_owner`, without secrets and without pictures (each
-- picture has a URL).
create or replace function export_table(p_name text, p_owner text, p_user uuid) returns text
language plpgsql stable as $$
declare
    found jsonb;
    hidden text[];
begin
    select coalesce(array_agg(attname::text), '{}') into hidden from pg_attribute
    where attrelid = format('airi.%I', p_name)::regclass and attnum > 0
      and (attname in ('user_id', 'owner', 'actor') or attname ~ '(hash|secret|token|codes|bytes)$|^sealed');
    execute format('select coalesce(jsonb_agg(to_jsonb(t) - $2), ''[]'') from %I t where %s', p_name, p_owner)
        into found using p_user, hidden;
    return found::text;
end $$;

-- The next thousand messages, conversation by conversation.
create or replace function export_conversations(x exports, out body text, out at exports) language plpgsql as $$
declare
    c conversations;
    room int := 1000;
    page record;
begin
    body := '';
    at := x;
    while room > 0 loop
        if not at.inside then
            select * into c from conversations
            where user_id = x.user_id and (at.conversation is null or id > at.conversation)
            order by id limit 1;
            if not found then
                body := body || '],"other_messages":[';
                at.section := at.section + 1;
                at.after_at := null;
                return;
            end if;
            body := body || case when at.conversation is null then '' else ',' end
                || '{"conversation":' || conversation_json(c) || ',"messages":[';
            at.conversation := c.id;
            at.inside := true;
            at.after_at := null;
            room := room - 1;
        end if;
        select count(*) as n,
               string_agg((message_json(m.*::messages)::jsonb || jsonb_build_object('deleted_at', m.deleted_at))::text,
                          ',' order by m.created_at, m.id) as text,
               (array_agg(m.created_at order by m.created_at desc, m.id desc))[1] as last_at,
               (array_agg(m.id order by m.created_at desc, m.id desc))[1] as last_id
        into page
        from (select * from messages
              where conversation_id = at.conversation
                and (at.after_at is null or (created_at, id) > (at.after_at, at.after_id))
              order by created_at, id limit room + 1) m;
        if page.n > 0 then
            body := body || case when at.after_at is null then '' else ',' end || page.text;
            at.after_at := page.last_at;
            at.after_id := page.last_id;
        end if;
        if page.n <= room then
            body := body || ']}';
            at.inside := false;
        end if;
        room := room - page.n;
    end loop;
end $$;

-- The next thousand messages without a stored conversation, which came over /v1.
create or replace function export_others(x exports, out body text, out at exports) language plpgsql as $$
declare
    page record;
begin
    at := x;
    select count(*) as n, string_agg(message_json(m.*::messages)::text, ',' order by m.created_at, m.id) as text,
           (array_agg(m.created_at order by m.created_at desc, m.id desc))[1] as last_at,
           (array_agg(m.id order by m.created_at desc, m.id desc))[1] as last_id
    into page
    from (select * from messages o
          where user_id = x.user_id and deleted_at is null
            and not exists (select from conversations c where c.id = o.conversation_id)
            and (at.after_at is null or (created_at, id) > (at.after_at, at.after_id))
          order by created_at, id limit 1000) m;
    body := case when page.n > 0 then case when at.after_at is null then '' else ',' end || page.text else '' end;
    at.after_at := page.last_at;
    at.after_id := page.last_id;
    if page.n < 1000 then
        body := body || ']}';
        at.state := 'ready';
        at.finished_at := now();
        at.expires_at := now() + interval '7 days';
    end if;
end $$;

-- Writes the next part. `state`: running | gone | the final state, with the data for a mail about it.
create or replace function export_step(p_export uuid) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    x exports;
    names text[] := array(select name from export_sections());
    owners text[] := array(select owner from export_sections());
    body text;
    page record;
    excess int := 0;   -- of the sealed values, which the download opens
begin
    select * into x from exports where id = p_export for update;
    if not found then return json_build_object('state', 'gone'); end if;
    if x.state in ('requested', 'running') then
        x.state := 'running';
        if x.section = 0 then
            body := format('{"format":"airi-export-1","export_id":%s,"made_at":%s,"profile":%s,"trusted_contacts":%s',
                           to_json(x.id), to_json(now()), (select profile_json(u) from users u where id = x.user_id),
                           export_table('trusted_contacts', 'user_id = $1', x.user_id));
            select coalesce(sum(sealed_excess(s.name, s.value)), 0) into excess from (
                select 'users.birth_date', birth_date from users where id = x.user_id
                union all select 'trusted_contacts.phone', phone from trusted_contacts where user_id = x.user_id
                union all select 'trusted_contacts.email', email from trusted_contacts where user_id = x.user_id
            ) s(name, value);
            x.section := 1;
        elsif x.section <= cardinality(names) then
            body := format(',%s:%s', to_json(names[x.section]),
                           export_table(names[x.section], owners[x.section], x.user_id));
            if x.section = cardinality(names) then body := body || ',"conversations":['; end if;
            x.section := x.section + 1;
        elsif x.section = cardinality(names) + 1 then
            select * into page from export_conversations(x);
            x := page.at;
            body := page.body;
        else
            select * into page from export_others(x);
            x := page.at;
            body := page.body;
        end if;
        insert into export_parts (export_id, part, body) values (x.id, x.parts, body);
        update exports set
            state = x.state, section = x.section, conversation = x.conversation, inside = x.inside,
            after_at = x.after_at, after_id = x.after_id, parts = x.parts + 1,
            bytes = bytes + octet_length(body) - excess, finished_at = x.finished_at, expires_at = x.expires_at
        where id = x.id;
    end if;
    return (select json_build_object('state', x.state, 'email', u.email, 'locale', u.locale,
                'name', coalesce(u.display_name, ''), 'finished_at', x.finished_at, 'expires_at', x.expires_at)
            from users u where u.id = x.user_id);
end $$;

create or replace function export_fail(p_export uuid) returns void
language sql security definer set search_path = airi, pg_temp as $$
    update exports set state = 'failed', finished_at = now() where id = p_export and state in ('requested', 'running')
$$;

-- Opens a finished archive of the caller's for one download by this session; until when, or NULL when there is none.
create or replace function export_open(p_id uuid, p_session uuid) returns text
language sql security definer set search_path = airi, pg_temp as $$
    update exports set opened_by = p_session, open_until = now() + interval '5 minutes'
    where id = p_id and user_id = caller() and state = 'ready' and expires_at > now()
    returning to_json(open_until) #>> '{}'
$$;

-- Takes the download that this session has opened: the number of parts, which follow by export_part, or NULL.
create or replace function export_take(p_id uuid, p_session uuid) returns int
language sql security definer set search_path = airi, pg_temp as $$
    update exports set opened_by = null, open_until = null
    where id = p_id and user_id = caller() and opened_by = p_session and open_until > now() and state = 'ready'
    returning parts
$$;

create or replace function export_part(p_id uuid, p_part int) returns text
language sql stable security definer set search_path = airi, pg_temp as $$
    select p.body from exports x join export_parts p on p.export_id = x.id
    where x.id = p_id and x.user_id = caller() and x.state = 'ready' and p.part = p_part
$$;

-- Deletes expired archives; fails exports that are unfinished after a week.
create or replace function job_exports() returns bigint language plpgsql as $$
declare
    over uuid[] := array(select id from exports where expires_at < now() limit 100);
begin
    delete from export_parts where export_id = any (over);
    update exports set state = 'expired', opened_by = null, open_until = null, expires_at = null where id = any (over);
    update exports set state = 'failed', finished_at = now()
    where state in ('requested', 'running') and created_at < now() - interval '7 days';
    return cardinality(over);
end $$;
