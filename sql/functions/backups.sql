create or replace function backup_json(b backup_log) returns json language sql stable as $$
    select json_build_object('id', b.id, 'kind', b.kind, 'name', b.name, 'state', b.state, 'size', b.size,
        'sha256', b.sha256, 'error', b.error, 'verified_at', b.verified_at, 'verify_error', b.verify_error,
        'removed_at', b.removed_at, 'requested_by', b.requested_by, 'created_at', b.created_at,
        'started_at', b.started_at, 'ended_at', b.ended_at)
$$;

-- Stores the caller's request of a manual backup and returns it, or a refusal: one waits at a time. Repeated with the
-- same id it changes nothing.
create or replace function backup_request(p_id uuid) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_admin(true);
    b backup_log;
begin
    if refused is not null then return refused; end if;
    perform pg_advisory_xact_lock(hashtext('airi backup requests'));
    if exists (select from backup_log where state = 'requested' and id <> p_id) then
        return refusal(409, 'BACKUP_WAITS', 'a requested backup has not begun yet');
    end if;
    insert into backup_log (id, kind, requested_by) values (p_id, 'manual', caller()) on conflict (id) do nothing;
    if found then perform audit(null, 'backup.requested', p_id::text); end if;
    select * into b from backup_log where id = p_id;
    return backup_json(b);
end $$;

-- A page of all backups, newest first.
create or replace function backups_page(p_cursor text, p_limit int) returns table (page json, next text)
language sql stable security definer set search_path = airi, pg_temp as $$
    with page as (
        select * from backup_log b
        where unless_admin(true) is null and (p_cursor is null or (b.created_at, b.id)
               < (split_part(p_cursor, '|', 1)::timestamptz, split_part(p_cursor, '|', 2)::uuid))
        order by b.created_at desc, b.id desc limit p_limit + 1
    ), shown as (select * from page order by created_at desc, id desc limit p_limit)
    select coalesce(unless_admin(true),
            json_agg(backup_json(s.*::backup_log) order by created_at desc, id desc), '[]'),
        case when (select count(*) from page) > p_limit
             then (select created_at || '|' || id from shown order by created_at, id limit 1) end
    from shown s
$$;

-- NULL: there is no such backup.
create or replace function backup_read(p_id uuid) returns json
language sql stable security definer set search_path = airi, pg_temp as $$
    select coalesce(unless_admin(true), (select backup_json(b) from backup_log b where b.id = p_id))
$$;

-- The number of backups of a kind that are kept; 0: none is made.
create or replace function backup_keep(p_kind text) returns int language sql stable as $$
    select case p_kind when 'daily' then setting_int('backup_keep_daily')
                       when 'weekly' then setting_int('backup_keep_weekly')
                       when 'monthly' then setting_int('backup_keep_monthly')
                       else setting_int('backup_keep_manual') end
$$;

-- The kind of the backup that is due; NULL: none is. A longer kind is one of the shorter ones too. After a failure the
-- next try is a quarter of an hour later; a request waits for no hour.
create or replace function backup_due() returns text language sql stable as $$
    select case when exists (select from backup_log where state = 'requested') then 'manual'
        when exists (select from backup_log where state = 'failed' and kind <> 'manual'
                       and ended_at > now() - interval '15 minutes') then null
        else (
            select kind from (values ('monthly', interval '30 days', 1), ('weekly', interval '7 days', 2),
                                     ('daily', interval '1 day', 3)) k (kind, every, rank)
            where backup_keep(kind) > 0 and not exists (
                select from backup_log b
                where b.state = 'done' and b.kind <> 'manual' and b.removed_at is null
                  and b.started_at > now() - every + interval '5 minutes'
                  and (b.kind = k.kind or b.kind = 'monthly' or (b.kind = 'weekly' and k.kind = 'daily')))
            order by rank limit 1) end
$$;

-- Begins a backup, a manual one by its oldest request if there is one. A backup that is still running here was killed:
-- one runs at a time.
create or replace function backup_begin(p_kind text, p_name text) returns void language plpgsql as $$
begin
    update backup_log set state = 'failed', error = 'it was killed', ended_at = now() where state = 'running';
    update backup_log set name = p_name, state = 'running', started_at = now()
    where id = (select id from backup_log where state = 'requested' and kind = p_kind order by created_at limit 1);
    if not found then
        insert into backup_log (id, kind, name, state, started_at)
        values (gen_random_uuid(), p_kind, p_name, 'running', now());
    end if;
end $$;

-- Ends it: without an error it is done.
create or replace function backup_end(p_name text, p_size bigint, p_sha256 text, p_error text) returns void
language sql as $$
    update backup_log set state = case when p_error is null then 'done' else 'failed' end, size = p_size,
        sha256 = p_sha256, error = p_error, ended_at = now()
    where name = p_name and state = 'running'
$$;

-- Its restore into a server of its own: without an error it was complete.
create or replace function backup_verified(p_name text, p_error text) returns void language sql as $$
    update backup_log set verify_error = p_error, verified_at = case when p_error is null then now() end
    where name = p_name
$$;

-- Marks those that are no longer in the place of backups.
create or replace function backup_present(p_names text[]) returns void language sql as $$
    update backup_log set removed_at = now()
    where state = 'done' and removed_at is null and name <> all (p_names)
$$;

-- The rows of each table, and a sum of their digests that no order changes.
create or replace function backup_census() returns table (name text, rows bigint, digest numeric)
language plpgsql as $$
declare
    one regclass;
begin
    for one in select c.oid from pg_class c
               where c.relnamespace = 'airi'::regnamespace and c.relkind = 'r' order by c.oid loop
        return query execute format(
            'select %L::text, count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) from %s t', one, one);
    end loop;
end $$;
