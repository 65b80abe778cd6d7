-- name: profile.get
select profile_json(u)::text from users u where id = caller();

-- name: profile.update
-- Fields that the body lacks stay; preferences and metadata are merged, and null removes a member.
with refused as (
    select refusal(422, 'VALIDATION_FAILED', 'avatar must be in the gallery or your own picture',
               '[{"pointer": "/avatar", "message": "must be in the gallery or your own picture"}]')::text as why
    where :body::jsonb ->> 'avatar' is not null and not avatar_allowed(:body::jsonb ->> 'avatar')
), changed as (update users u set
    display_name = case when :body::jsonb ? 'display_name' then :body::jsonb ->> 'display_name' else display_name end,
    locale = coalesce(:body::jsonb ->> 'language', :body::jsonb ->> 'locale', locale),
    timezone = coalesce(:body::jsonb ->> 'timezone', timezone),
    avatar = case when :body::jsonb ? 'avatar' then :body::jsonb ->> 'avatar' else avatar end,
    preferences = jsonb_strip_nulls(preferences || coalesce(:body::jsonb -> 'preferences', '{}')),
    metadata = jsonb_strip_nulls(metadata || coalesce(:body::jsonb -> 'metadata', '{}')), updated_at = now()
    where id = caller() and not exists (select from refused)
    returning profile_json(u)::text)
select why from refused union all select * from changed;

-- name: profile.statistics
select json_build_object(
    'conversations', (select count(*) from conversations where user_id = caller() and deleted_at is null),
    'messages', coalesce((
        select sum(message_count) from conversations where user_id = caller() and deleted_at is null), 0),
    'tokens', coalesce((select sum(tokens_in + tokens_out) from usage_daily where user_id = caller()), 0),
    'days_active', (select count(distinct day) from usage_daily where user_id = caller()),
    'first_day', (select min(day) from usage_daily where user_id = caller()))::text;
