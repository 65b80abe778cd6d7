-- What is known of a user, to take away (GDPR, article 20), and to be forgotten (article 17).
set search_path = airi;

-- An archive is made part by part, one JSON document in all; where its making stands is here, so that whoever goes on with it
-- writes each part once.
create table exports (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    state        text not null default 'requested' check (state in ('requested', 'running', 'ready', 'failed', 'expired')),
    token_hash   text unique,                              -- SHA-256, hex, of what its link holds
    section      int not null default 0,                   -- the one that comes next
    conversation uuid,                                     -- the one reached, and the last of its messages that is written
    inside       boolean not null default false,
    after_at     timestamptz,
    after_id     uuid,
    parts        int not null default 0,
    bytes        bigint not null default 0,
    created_at   timestamptz not null default now(),
    finished_at  timestamptz,
    expires_at   timestamptz
);
create index sessions_by_user on sessions (user_id);      -- those that are over too
create index exports_of_user on exports (user_id, created_at desc);
select isolate('exports', 'user_id = caller()');
create trigger audited after insert on exports for each row execute function audited('export.requested');

create table export_parts (
    export_id uuid not null references exports on delete cascade,
    part      int not null,
    body      text not null,
    primary key (export_id, part)
);
select isolate('export_parts', 'false');

create function export_json(x exports) returns json language sql stable as $$
    select json_build_object('id', x.id, 'state', x.state, 'bytes', x.bytes, 'created_at', x.created_at, 'finished_at', x.finished_at, 'expires_at', x.expires_at)
$$;

-- One of the caller's: the one under way, or a new one, three a day.
create function export_request(p_id uuid) returns json language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    x exports;
begin
    perform pg_advisory_xact_lock(hashtextextended('exports/' || caller(), 0));
    select * into x from exports where user_id = caller() and state in ('requested', 'running') limit 1;
    if found then return export_json(x); end if;
    if (select count(*) from exports where user_id = caller() and created_at >= date_trunc('day', now() at time zone 'utc') at time zone 'utc') >= 3 then
        return refusal(429, 'EXPORT_LIMIT', 'there are three exports a day');
    end if;
    insert into exports (id, user_id) values (p_id, caller()) returning * into x;
    return export_json(x);
end $$;

create function export_seal(p_id uuid, p_hash text) returns void language sql security definer set search_path = airi, pg_temp as $$
    update exports set token_hash = p_hash where id = p_id and user_id = caller() and state in ('requested', 'running')
$$;

-- What stands in the archive beside the profile and what was said: tables, and the column that tells whose a row is.
create function export_sections() returns table (name text, owner text) language sql immutable as $$
    values ('sessions', 'user_id'), ('login_history', 'user_id'), ('user_identities', 'user_id'), ('avatars', 'user_id'), ('consents', 'user_id'), ('api_keys', 'user_id'),
           ('companions', 'owner'), ('conversation_templates', 'owner'), ('usage_daily', 'user_id'), ('moderation_decisions', 'user_id'),
           ('audit_log', 'user_id'), ('exports', 'user_id')
$$;

-- A table's rows of the user's without what is secret, and without pictures, which have addresses of their own.
create function export_table(p_name text, p_owner text, p_user uuid) returns text language plpgsql stable as $$
declare
    found jsonb;
    hidden text[];
begin
    select array_agg(attname::text) into hidden from pg_attribute
    where attrelid = ('airi.' || p_name)::regclass and attnum > 0 and (attname in (p_owner, 'actor') or attname ~ '(hash|secret|token|codes|bytes)$');
    execute format('select coalesce(jsonb_agg(to_jsonb(t) - $2), ''[]'') from %I t where %I = $1', p_name, p_owner) into found using p_user, hidden;
    return found::text;
end $$;

-- A thousand messages at a time: of the conversations, one after the other.
create function export_conversations(x exports, out body text, out at exports) language plpgsql as $$
declare
    c conversations;
    room int := 1000;
    page record;
begin
    body := '';
    at := x;
    while room > 0 loop
        if not at.inside then
            select * into c from conversations where user_id = x.user_id and (at.conversation is null or id > at.conversation) order by id limit 1;
            if not found then
                body := body || '],"other_messages":[';
                at.section := at.section + 1;
                at.after_at := null;
                return;
            end if;
            body := body || case when at.conversation is null then '' else ',' end || '{"conversation":' || conversation_json(c) || ',"messages":[';
            at.conversation := c.id;
            at.inside := true;
            at.after_at := null;
            room := room - 1;
        end if;
        select count(*) as n, string_agg((message_json(m.*::messages)::jsonb || jsonb_build_object('deleted_at', m.deleted_at))::text, ',' order by m.created_at, m.id) as text,
               (array_agg(m.created_at order by m.created_at desc, m.id desc))[1] as last_at, (array_agg(m.id order by m.created_at desc, m.id desc))[1] as last_id
        into page
        from (select * from messages where conversation_id = at.conversation and (at.after_at is null or (created_at, id) > (at.after_at, at.after_id))
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

-- Those of no conversation that is kept: asked by programs over /v1.
create function export_others(x exports, out body text, out at exports) language plpgsql as $$
declare
    page record;
begin
    at := x;
    select count(*) as n, string_agg(message_json(m.*::messages)::text, ',' order by m.created_at, m.id) as text,
           (array_agg(m.created_at order by m.created_at desc, m.id desc))[1] as last_at, (array_agg(m.id order by m.created_at desc, m.id desc))[1] as last_id
    into page
    from (select * from messages o where user_id = x.user_id and deleted_at is null and not exists (select from conversations c where c.id = o.conversation_id)
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

-- Writes the next part: {"state"}: running | gone | the end it has come to, with what a mail about it says.
create function export_step(p_export uuid) returns json language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    x exports;
    names text[] := array(select name from export_sections());
    owners text[] := array(select owner from export_sections());
    body text;
    page record;
begin
    select * into x from exports where id = p_export for update;
    if not found then return json_build_object('state', 'gone'); end if;
    if x.state in ('requested', 'running') then
        x.state := 'running';
        if x.section = 0 then
            body := format('{"format":"airi-export-1","export_id":%s,"made_at":%s,"profile":%s', to_json(x.id), to_json(now()),
                           (select profile_json(u) from users u where id = x.user_id));
            x.section := 1;
        elsif x.section <= cardinality(names) then
            body := format(',%s:%s', to_json(names[x.section]), export_table(names[x.section], owners[x.section], x.user_id));
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
        update exports set state = x.state, section = x.section, conversation = x.conversation, inside = x.inside, after_at = x.after_at,
            after_id = x.after_id, parts = x.parts + 1, bytes = bytes + octet_length(body), finished_at = x.finished_at, expires_at = x.expires_at
        where id = x.id;
    end if;
    return (select json_build_object('state', x.state, 'email', u.email, 'locale', u.locale, 'name', coalesce(u.display_name, ''),
                'finished_at', x.finished_at, 'expires_at', x.expires_at)
            from users u where u.id = x.user_id);
end $$;

create function export_fail(p_export uuid) returns void language sql security definer set search_path = airi, pg_temp as $$
    update exports set state = 'failed', finished_at = now() where id = p_export and state in ('requested', 'running')
$$;

-- Of the archive whose link this is, while it is good: {"id","parts"}, and then each of its parts.
create function export_open(p_hash text) returns json language sql stable security definer set search_path = airi, pg_temp as $$
    select json_build_object('id', id, 'parts', parts) from exports where token_hash = p_hash and state = 'ready' and expires_at > now()
$$;
create function export_part(p_hash text, p_part int) returns text language sql stable security definer set search_path = airi, pg_temp as $$
    select p.body from exports x join export_parts p on p.export_id = x.id where x.token_hash = p_hash and x.state = 'ready' and p.part = p_part
$$;

-- Archives whose time is over, and those that nobody has gone on with for a week.
create function job_exports() returns bigint language plpgsql as $$
declare
    over uuid[] := array(select id from exports where expires_at < now() limit 100);
begin
    delete from export_parts where export_id = any (over);
    update exports set state = 'expired', token_hash = null, expires_at = null where id = any (over);
    update exports set state = 'failed', finished_at = now() where state in ('requested', 'running') and created_at < now() - interval '7 days';
    return cardinality(over);
end $$;
create index exports_to_expire on exports (expires_at) where expires_at is not null;

-- Erases an account: what was said first, so much at a time; whether nothing is left. What was used and what was paid stays,
-- under an id that is nobody's any more.
create function erase_account(p_user uuid) returns boolean language plpgsql as $$
declare
    u users;
    said uuid[];
    n bigint;
    own record;
begin
    select * into u from users where id = p_user for update;
    said := array(select id from conversations where user_id = p_user limit 200);
    if said <> '{}' then
        delete from messages where conversation_id = any (said);
        delete from generations where conversation_id = any (said);
        delete from conversations where id = any (said);
        return false;
    end if;
    with gone as (
        delete from messages m using (select id, created_at from messages where user_id = p_user and deleted_at is null limit 5000) o
        where m.id = o.id and m.created_at = o.created_at returning m.generation_id
    ), ended as (delete from generations where id in (select generation_id from gone))
    select count(*) into n from gone;
    if n > 0 then return false; end if;
    delete from generations g using usage_log l where l.user_id = p_user and l.reference = g.id;
    delete from moderation_decisions where user_id = p_user;
    delete from login_failures where email_key = u.email_key;
    update audit_log set subject = '', details = '{}', address = null where user_id = p_user;
    -- Every table whose rows would go with the user's goes now: sessions, history, identities, keys (without its key what Kafka
    -- has of a user cannot be read), and whatever else refers to users with `on delete cascade`.
    for own in
        select c.conrelid::regclass as name, a.attname as owner
        from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        where c.contype = 'f' and c.confrelid = 'users'::regclass and c.confdeltype = 'c'
        order by c.conrelid = 'companions'::regclass   -- others refer to them
    loop
        execute format('delete from %s where %I = $1', own.name, own.owner) using p_user;
    end loop;
    update users set email = gen_random_uuid() || '@erased.invalid', password_hash = null, role = 'user', status = 'deleted', status_until = null,
        status_reason = null, display_name = null, metadata = '{}', email_verified_at = null, locale = 'en', timezone = 'UTC', avatar = null, preferences = '{}',
        onboarding = '{}', birth_date = null, parent_email = null, consent_pending = false, erase_at = coalesce(erase_at, now()), erased_at = now()
    where id = p_user;
    return true;
end $$;

-- Closed accounts whose grace is over, and children's whose parents have not answered in two weeks. One that cannot be erased holds up
-- no other: it is told of, and tried again the next time.
create function job_erasures() returns bigint language plpgsql as $$
declare
    who uuid;
    finished bigint := 0;
    failed uuid[] := '{}';
begin
    for step in 1..100 loop
        select id into who from users
        where id <> all (failed)
          and ((erase_at <= now() and erased_at is null and status = 'deleted') or (consent_pending and created_at < now() - interval '14 days'))
        order by erase_at limit 1 for update skip locked;
        exit when not found;
        begin
            finished := finished + erase_account(who)::int;
        exception when others then
            raise warning 'account % is not erased: % %', who, sqlstate, sqlerrm;
            failed := failed || who;
        end;
    end loop;
    return finished;
end $$;

insert into jobs (name, every) values ('exports', '1 hour'), ('erasures', '1 hour');

revoke all on function export_json, export_request, export_seal, export_sections, export_table, export_conversations, export_others, export_step,
    export_fail, export_open, export_part, job_exports, erase_account, job_erasures from public;
grant execute on function export_json, export_request, export_seal, export_open, export_part to airi_app;
grant execute on function export_step, export_fail to airi_worker;
grant select on exports to airi_app;
