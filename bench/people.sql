-- The users of a measurement, on a plan without a daily quota. Each has a session and four conversations with a title,
-- as they are after the first turn. Repeatable. Prints one line per user: user, session, conversations.
set search_path = airi;
\set QUIET on
insert into users (id, email, plan, email_verified_at)
select md5('bench/user/' || n)::uuid, 'bench' || n || '@bench.test', :'plan', now() from generate_series(1, :people) n
on conflict do nothing;
insert into sessions (id, user_id, expires_at)
select md5('bench/session/' || n)::uuid, md5('bench/user/' || n)::uuid, now() + interval '7 days'
from generate_series(1, :people) n on conflict do nothing;
insert into conversations (id, user_id, title, titled_by)
select md5('bench/conversation/' || n || '/' || k)::uuid, md5('bench/user/' || n)::uuid, 'The sea', 'user'
from generate_series(1, :people) n, generate_series(1, 4) k on conflict do nothing;
analyze users, sessions, conversations;
select concat_ws(' ', md5('bench/user/' || n)::uuid, md5('bench/session/' || n)::uuid,
    md5('bench/conversation/' || n || '/1')::uuid, md5('bench/conversation/' || n || '/2')::uuid,
    md5('bench/conversation/' || n || '/3')::uuid, md5('bench/conversation/' || n || '/4')::uuid)
from generate_series(1, :people) n;
