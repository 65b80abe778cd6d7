create or replace function avatar_url(p_id uuid) returns text language sql immutable as $$
    select '/api/v1/avatars/' || p_id
$$;

-- The name of a built-in picture, from its name or its URL; any other avatar is itself.
create or replace function avatar_name(p_avatar text) returns text language sql immutable as $$
    select regexp_replace(p_avatar, '^/([a-z0-9-]+)\.svg$', '\1')
$$;

create or replace function avatar_json(a avatars) returns json language sql stable as $$
    select json_build_object(
        'id', a.id, 'url', avatar_url(a.id), 'mine', true, 'state', a.state, 'media_type', a.media_type,
        'width', a.width, 'height', a.height, 'size', length(a.bytes), 'created_at', a.created_at)
$$;

-- The pictures that every user may choose: the companions', and the built-in ones, which the profile names and the
-- gateway serves as files.
create or replace function avatar_gallery() returns table (name text, url text) language sql stable as $$
    select distinct on (url) * from (
        select c.name::text, c.avatar as url from companions c
        where c.owner is null and c.deleted_at is null and c.avatar is not null
        union all
        select n, '/' || n || '.svg' from jsonb_array_elements_text(setting('avatar_gallery')) n) g
    order by url, name
$$;

-- Whether the caller may use this avatar: a name or URL of the gallery, or the URL of their own picture.
create or replace function avatar_allowed(p_avatar text) returns boolean language sql stable as $$
    select exists (select from avatar_gallery() g where p_avatar = g.name or avatar_name(p_avatar) = avatar_name(g.url))
        or exists (
            select from avatars a
            where a.user_id = caller() and avatar_url(a.id) = p_avatar and a.state <> 'rejected')
$$;

-- Asks the files worker for the picture that everybody gets.
create or replace function avatar_request(
    p_event uuid, p_id uuid, p_user uuid, p_traceparent text, p_request text
) returns void language sql as $$
    select outbox_add(p_event, 'avatar.uploaded.v1', p_user::text, json_build_object(
        'avatar_id', p_id, 'user_id', p_user, 'uploaded_at', now()), p_traceparent, p_request)
$$;

-- Stores a picture of the caller's, within the plan's limit; returns the stored one when the caller has it already. One
-- that was rejected is tried again when it is sent again, and is listed for a day.
create or replace function avatar_create(
    p_id uuid, p_sha256 text, p_media_type text, p_width int, p_height int, p_bytes bytea, p_event uuid,
    p_traceparent text, p_request text
) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    most bigint;
    made avatars;
begin
    perform pg_advisory_xact_lock(hashtextextended('avatars/' || caller(), 0));
    delete from avatars where user_id = caller() and state = 'rejected'
        and (sha256 = p_sha256 or created_at < now() - interval '1 day');
    select * into made from avatars where user_id = caller() and sha256 = p_sha256;
    if found then return avatar_json(made); end if;
    select amount into most from plan_limits l join users u on u.plan = l.plan
    where u.id = caller() and l.resource = 'custom_avatars' and l.period = 'stock';
    most := coalesce(most, 0);
    if most >= 0
       and (select count(*) from avatars where user_id = caller() and state <> 'rejected') >= most then
        return refusal(402, 'PLAN_LIMIT', format('your plan has %s pictures of your own', most));
    end if;
    insert into avatars (id, user_id, sha256, media_type, width, height, bytes)
    values (p_id, caller(), p_sha256, p_media_type, p_width, p_height, p_bytes) returning * into made;
    perform avatar_request(p_event, p_id, caller(), p_traceparent, p_request);
    return avatar_json(made);
end $$;

-- A picture for the files worker alone: its bytes as they were uploaded until it has been made or rejected, NULL after.
create or replace function avatar_uploaded(p_id uuid) returns table (bytes text, avatar json)
language sql stable security definer set search_path = airi, pg_temp as $$
    select case when a.state = 'processing' then translate(encode(a.bytes, 'base64'), E'+/=\n', '-_') end,
        avatar_json(a)
    from avatars a where a.id = p_id
$$;

-- Replaces the uploaded picture by the one made of its pixels, unless it has been made or rejected before. As it is
-- then; NULL when it has been deleted.
create or replace function avatar_store(
    p_id uuid, p_media_type text, p_width int, p_height int, p_bytes bytea
) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    update avatars set
        state = 'ready', media_type = p_media_type, width = p_width, height = p_height, bytes = p_bytes
    where id = p_id and state = 'processing';
    return (select avatar_json(a) from avatars a where id = p_id);
end $$;

-- Drops what is no picture, also from its user's profile, unless it has been made before. The result as above.
create or replace function avatar_reject(p_id uuid) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    update avatars set state = 'rejected', bytes = '' where id = p_id and state = 'processing';
    update users u set avatar = null from avatars a
    where a.id = p_id and a.state = 'rejected' and u.id = a.user_id and u.avatar = avatar_url(p_id);
    return (select avatar_json(a) from avatars a where id = p_id);
end $$;

-- A picture, for every client that knows its id. base64url: a value has one spelling.
create or replace function avatar_bytes(p_id uuid) returns table (media_type text, bytes text)
language sql stable security definer set search_path = airi, pg_temp as $$
    select a.media_type, translate(encode(a.bytes, 'base64'), E'+/=\n', '-_') from avatars a
    where a.id = p_id and a.state = 'ready'
$$;

-- Deletes one of the caller's pictures, also from their profile.
create or replace function avatar_delete(p_id uuid) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    delete from avatars where id = p_id and user_id = caller();
    if not found then return null; end if;
    update users set avatar = null where id = caller() and avatar = avatar_url(p_id);
    return json_build_object('id', p_id);
end $$;
