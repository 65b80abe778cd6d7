create or replace function notification_json(n notifications) returns json language sql stable as $$
    select json_build_object('id', n.id, 'kind', n.kind, 'type', n.type, 'title', n.title, 'message', n.message,
        'sent_via', n.sent_via, 'is_read', n.is_read, 'read_at', n.read_at, 'metadata', n.metadata,
        'created_at', n.created_at)
$$;

-- Requests a notice, sent when this transaction has committed: notification.requested.v1 as events/notifications.hpp
-- declares it. Without a title the kind has a text.
create or replace function notification_add(
    p_event uuid, p_user uuid, p_kind text, p_type text, p_title text, p_message text, p_metadata jsonb,
    p_traceparent text, p_request text
) returns void language sql as $$
    select outbox_add(p_event, 'notification.requested.v1', p_user::text, json_build_object(
        'user_id', p_user, 'kind', p_kind, 'type', p_type, 'title', coalesce(p_title, ''),
        'message', coalesce(p_message, ''), 'variables', null, 'metadata', p_metadata, 'requested_at', now()),
        p_traceparent, p_request)
$$;

-- Requests a warning to each administrator; returns their number.
create or replace function notify_administrators(p_kind text, p_title text, p_message text, p_metadata jsonb)
returns bigint language sql as $$
    select count(*) from users u
    cross join lateral notification_add(gen_random_uuid(), u.id, p_kind, 'warning', p_title, p_message, p_metadata,
        '', '') sent
    where u.role in ('admin', 'super') and u.erased_at is null and u.status = 'active'
$$;

-- An administrator's notice to a user, by its id. NULL when there is no such user.
create or replace function notification_send(p_event uuid, p_body jsonb, p_traceparent text, p_request text)
returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_admin();
    receiver uuid := (p_body ->> 'user_id')::uuid;
    kind text := coalesce(p_body ->> 'type', 'info');
begin
    if refused is not null then return refused; end if;
    if not exists (select from users where id = receiver and erased_at is null) then return null; end if;
    perform notification_add(p_event, receiver, 'admin', kind, p_body ->> 'title', p_body ->> 'message',
        coalesce(p_body -> 'metadata', '{}'), p_traceparent, p_request);
    perform audit(receiver, 'admin.notification', p_event::text,
        jsonb_build_object('type', kind, 'title', p_body ->> 'title'));
    return json_build_object('id', p_event, 'user_id', receiver);
end $$;

-- The language and names with which a notice addresses a user; no row for an erased account.
create or replace function notification_recipient(p_user uuid)
returns table (locale text, name text, product text)
language sql stable security definer set search_path = airi, pg_temp as $$
    select u.locale::text, coalesce(u.display_name, ''),
           setting('product_name') #>> '{}'
    from users u where u.id = p_user and u.erased_at is null
$$;
