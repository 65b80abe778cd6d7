-- Stores this key unless the caller has one; returns the stored key, NULL for a deleted account.
create or replace function user_key_make(p_key bytea) returns bytea
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    insert into user_keys (user_id, sealed_key)
    select id, p_key from users where id = caller() and status <> 'deleted'
    on conflict do nothing;
    return (select sealed_key from user_keys where user_id = caller());
end $$;

-- A batch of the users' values that are stored as they are, with their users' keys: those from before they were sealed,
-- and hashes from before they were keyed.
create or replace function user_values_unsealed()
returns table (user_id uuid, name text, value text, sealed_key bytea)
language sql stable security definer set search_path = airi, pg_temp as $$
    select v.user_id, v.name, v.value, k.sealed_key
    from (
        (select t.user_id, 'two_factor.secret' as name, t.secret as value from two_factor t
         where t.secret not like 'sealed:%' limit 200)
        union all
        (select id, 'users.birth_date', birth_date from users where birth_date not like 'sealed:%' limit 200)
        union all
        (select id, 'users.parent_email', parent_email from users where parent_email not like 'sealed:%' limit 200)
        union all
        (select c.user_id, 'trusted_contacts.phone', phone from trusted_contacts c
         where phone not like 'sealed:%' limit 200)
        union all
        (select c.user_id, 'trusted_contacts.email', email from trusted_contacts c
         where email not like 'sealed:%' limit 200)
        union all
        (select distinct m.user_id, 'contact_messages.recipient_hash', recipient_hash
         from (select * from contact_messages where recipient_hash not like 'keyed:%' limit 200) m)
    ) v left join user_keys k on k.user_id = v.user_id
$$;

-- Replaces values that are still as they were read by their sealed ones, [{"user_id", "column", "old", "sealed",
-- "hash"}], `hash` being the fingerprint, and stores keys of users who have none, [{"user_id", "key"}]. Returns the
-- number of changes.
create or replace function user_values_seal(p_values jsonb, p_keys jsonb) returns bigint
language sql security definer set search_path = airi, pg_temp as $$
    with n as (
        select * from jsonb_to_recordset(p_values) as n(user_id uuid, "column" text, old text, sealed text, hash text)
    ), made as (
        insert into user_keys (user_id, sealed_key)
        select distinct on (k.user_id) k.user_id, decode(k.key, 'hex')
        from jsonb_to_recordset(p_keys) as k(user_id uuid, key text) join users u on u.id = k.user_id
        on conflict do nothing
        returning 1
    ), seeds as (
        update two_factor t set secret = n.sealed from n
        where n."column" = 'two_factor.secret' and t.user_id = n.user_id and t.secret = n.old
        returning 1
    ), people as (
        select user_id, max(sealed) filter (where "column" = 'users.birth_date') as birth_date,
               max(old) filter (where "column" = 'users.birth_date') as old_birth_date,
               max(sealed) filter (where "column" = 'users.parent_email') as parent_email,
               max(old) filter (where "column" = 'users.parent_email') as old_parent_email
        from n where "column" like 'users.%' group by user_id
    ), rows as (
        update users u set
            birth_date = case when u.birth_date = p.old_birth_date then p.birth_date else u.birth_date end,
            parent_email = case when u.parent_email = p.old_parent_email then p.parent_email else u.parent_email end
        from people p
        where u.id = p.user_id and (u.birth_date = p.old_birth_date or u.parent_email = p.old_parent_email)
        returning 1
    ), contacts as (
        update trusted_contacts c set
            phone = coalesce(p.sealed, c.phone), phone_hash = coalesce(p.hash, c.phone_hash),
            email = coalesce(e.sealed, c.email), email_hash = coalesce(e.hash, c.email_hash)
        from trusted_contacts t
        left join n p on p."column" = 'trusted_contacts.phone' and (p.user_id, p.old) = (t.user_id, t.phone)
        left join n e on e."column" = 'trusted_contacts.email' and (e.user_id, e.old) = (t.user_id, t.email)
        where c.id = t.id and (p.old is not null or e.old is not null)
        returning 1
    ), messages as (
        update contact_messages m set recipient_hash = n.hash from n
        where n."column" = 'contact_messages.recipient_hash' and (m.user_id, m.recipient_hash) = (n.user_id, n.old)
        returning 1
    )
    select (select count(*) from made) + (select count(*) from seeds) + (select count(*) from rows)
         + (select count(*) from contacts) + (select count(*) from messages)
$$;
