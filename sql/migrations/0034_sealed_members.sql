-- Seeds of second factors, birth dates and parents' addresses are sealed with their users' keys: the columns hold
-- "sealed:<table>.<column>:<box>" (platform/crypto/sealed_value.hpp). Only a program with ENCRYPTION_KEY can seal, so
-- the moderation worker seals the rows from before this; until then they are read as they are.
set search_path = airi;

alter table two_factor alter column secret type text using encode(secret, 'hex');
create index two_factor_to_seal on two_factor (user_id) where secret not like 'sealed:%';

drop trigger if exists reduced on users;
drop view profiles;
alter table users drop constraint users_parent_email_check;
alter table users
    alter column birth_date type text using birth_date::text,
    -- The part of an age that is readable without the key: the first days of months on or after those on which the user
    -- reaches the age of consent and comes of age; NULL when that is past.
    add column child_until date,
    add column minor_until date;
create index birth_dates_to_seal on users (id) where birth_date not like 'sealed:%';
create index parents_to_seal on users (id) where parent_email not like 'sealed:%';
create index users_coming_of_age on users (greatest(child_until, minor_until))
    where greatest(child_until, minor_until) is not null;

create view profiles with (security_invoker = true) as
select id, email, display_name, avatar as avatar_url, plan as tier,
       case when consent_pending then 'pending' else 'none' end as parental_consent, created_at, updated_at
from users;

with until as (
    select id, (date_trunc('month', birth_date::date + make_interval(years => minor_age) - interval '1 day')
                + interval '1 month')::date as child,
           (date_trunc('month', birth_date::date + interval '18 years' - interval '1 day')
            + interval '1 month')::date as minor
    from users cross join (
        select coalesce((select (value #>> '{}')::int from system_settings where key = 'minor_age'), 13)) s(minor_age)
    where birth_date is not null and erased_at is null
)
update users u set child_until = case when child > current_date then child end,
    minor_until = case when minor > current_date then minor end
from until where until.id = u.id and greatest(child, minor) > current_date;

-- The addresses of links to parents are counted by a keyed hash.
update email_links set email = '' where kind = 'parental_consent';

drop function if exists totp_code(bytea, bigint), two_factor_take(uuid, text), two_factor_setup(bytea),
    two_factor_enable(text, text[]), two_factor_disable(text), email_link_take(text, text, text, text),
    identity_conclude(uuid, text, uuid, text, text, text, jsonb, inet),
    account_create(uuid, text, text, text, jsonb, text, text, jsonb, inet), is_child(date), consent_details(text),
    consent_link_make(uuid, text), contact_add(uuid, jsonb, text, text, uuid, text, text),
    contact_refusal(users, trusted_contacts);
