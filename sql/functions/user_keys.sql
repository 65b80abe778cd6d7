-- Gives the caller this key unless there is one, and tells which it is; NULL when he may not act.
create or replace function user_key_make(p_key bytea) returns bytea language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    insert into user_keys (user_id, sealed_key) select id, p_key from users where id = caller() and status <> 'deleted' on conflict do nothing;
    return (select sealed_key from user_keys where user_id = caller());
end $$;
