-- Stores this key unless the caller has one; returns the stored key, NULL for a deleted account.
create or replace function user_key_make(p_key bytea) returns bytea
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    insert into user_keys (user_id, sealed_key)
    select id, p_key from users where id = caller() and status <> 'deleted'
    on conflict do nothing;
    return (select sealed_key from user_keys where user_id = caller());
end $$;
