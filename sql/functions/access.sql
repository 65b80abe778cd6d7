-- The user of the transaction, as the gateway set it; NULL on a pooled connection without one.
create or replace function caller() returns uuid language sql stable parallel safe as $$
    select nullif(current_setting('airi.user_id', true), '')::uuid
$$;

-- Row-level security for a table of users' rows: the owner and the workers see all rows, the gateway those that match
-- `own`. Does nothing, and takes no lock, where that is so already.
create or replace function isolate(target regclass, own text) returns void language plpgsql as $$
begin
    if exists (
        select from pg_policy p join pg_class c on c.oid = p.polrelid
        where c.oid = target and c.relrowsecurity and c.relforcerowsecurity and p.polname = 'app_own'
          and pg_get_expr(p.polqual, p.polrelid) in (own, '(' || own || ')')
    ) then
        return;
    end if;
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('drop policy if exists owner_all on %s', target);
    execute format('drop policy if exists worker_all on %s', target);
    execute format('drop policy if exists app_own on %s', target);
    execute format('create policy owner_all on %s to airi_owner using (true) with check (true)', target);
    execute format('create policy worker_all on %s to airi_worker using (true) with check (true)', target);
    execute format('create policy app_own on %s to airi_app using (%s) with check (%s)', target, own, own);
end $$;

-- The row by which a data route's statement rejects a request: an HTTP status, a code in UPPER_SNAKE, a message for
-- people.
create or replace function refusal(p_status int, p_code text, p_message text) returns json
language sql immutable as $$
    select json_build_object('problem', json_build_object('status', p_status, 'code', p_code, 'message', p_message))
$$;

-- The same with details, a JSON value.
create or replace function refusal(p_status int, p_code text, p_message text, p_details jsonb) returns json
language sql immutable as $$
    select json_build_object('problem', json_build_object(
        'status', p_status, 'code', p_code, 'message', p_message, 'details', p_details))
$$;

-- The refusal for an account that may not act; NULL when it may. An expired suspension does not count.
create or replace function standing(u users) returns json language sql stable as $$
    select case
        when u.status = 'active' or (u.status = 'suspended' and u.status_until <= now()) then null
        when u.status = 'suspended' then refusal(403, 'ACCOUNT_SUSPENDED', 'this account is suspended',
            jsonb_build_object('until', u.status_until, 'reason', u.status_reason))
        when u.status = 'banned' then refusal(403, 'ACCOUNT_BANNED', 'this account is banned',
            jsonb_build_object('reason', u.status_reason))
        else refusal(403, 'ACCOUNT_DELETED', 'this account is deleted', '{}') end
$$;

-- The name of the operator who runs airi-ctl, whom the functions take for a super; NULL in every other session. Only a
-- role that may act as airi_owner has one: those of the gateway and of the workers may set what they like.
create or replace function operator_name() returns text language sql stable as $$
    select nullif(current_setting('airi.operator', true), '')
    where pg_has_role(session_user, 'airi_owner', 'member')
$$;

-- The caller's role; 'user' for an account that may not act.
create or replace function acting_role() returns text
language sql stable security definer set search_path = airi, pg_temp as $$
    select coalesce(
        case when operator_name() is not null then 'super' end,
        (select u.role from users u where u.id = caller() and standing(u) is null), 'user')
$$;

-- A refusal unless the caller is an administrator (p_super: a super administrator); otherwise NULL.
create or replace function unless_admin(p_super boolean default false) returns json language sql stable as $$
    select case when acting_role() = 'super' or (acting_role() = 'admin' and not p_super) then null
                else refusal(403, 'FORBIDDEN', 'this is for administrators') end
$$;

create or replace function link_invalid() returns json language sql stable as $$
    select refusal(400, 'LINK_INVALID', 'this link is invalid, expired or already used')
$$;

-- The tables with users' rows, the oldest first, each with the condition for those of the user $1: its column user_id,
-- owner or another one that refers to users, or else a reference to such a table.
create or replace function tables_of_users() returns table (name text, own text) language sql stable as $$
    with recursive tables as (
        select oid, relname from pg_class
        where relnamespace = 'airi'::regnamespace and relkind in ('r', 'p') and not relispartition
          and relname <> 'users'
    ), direct as (
        select distinct on (t.oid) t.oid, format('%I = $1', a.attname) as own
        from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and a.atttypid = 'uuid'::regtype
        where a.attname in ('user_id', 'owner')
           or exists (select from pg_constraint f
                      where f.contype = 'f' and f.conrelid = t.oid and f.confrelid = 'airi.users'::regclass
                        and f.conkey = array[a.attnum])
        order by t.oid, a.attname = 'user_id' desc, a.attname = 'owner' desc, a.attnum
    ), found as (
        select oid, own, 0 as depth from direct
        union all
        select t.oid, format('%I in (select %I from airi.%I where %s)', a.attname, b.attname, p.relname, u.own),
               depth + 1
        from found u
        join tables p on p.oid = u.oid
        join pg_constraint f on f.contype = 'f' and f.confrelid = p.oid and cardinality(f.conkey) = 1
        join tables t on t.oid = f.conrelid and t.oid not in (select oid from direct)
        join pg_attribute a on a.attrelid = t.oid and a.attnum = f.conkey[1]
        join pg_attribute b on b.attrelid = p.oid and b.attnum = f.confkey[1]
        where depth < 5 and t.oid <> p.oid
    )
    select relname, own from (
        select distinct on (oid) oid, own from found order by oid, depth, own) f join tables using (oid) order by oid
$$;
