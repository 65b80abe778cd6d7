-- Trusted contacts, the notices to them and the messages of both: docs/safety.md. Nobody is told before both the user
-- and the contact have agreed, and at most once a day (UTC). Phone numbers and addresses are sealed with the user's key
-- and found by their fingerprints under it; only the gateway and the crisis worker can open them.

create or replace function is_today_utc(p_at timestamptz) returns boolean language sql stable as $$
    select coalesce((p_at at time zone 'utc')::date = (now() at time zone 'utc')::date, false)
$$;

-- Whether a crisis worker has had this way to a phone within two minutes: sms, call.
create or replace function has_channel(p_name text) returns boolean language sql stable as $$
    select exists (select from contact_channels c where c.name = p_name and c.seen_at > now() - interval '2 minutes')
$$;

create or replace function contact_channels_seen(p_names text[]) returns void
language sql security definer set search_path = airi, pg_temp as $$
    insert into contact_channels (name) select unnest(p_names)
    on conflict (name) do update set seen_at = now()
$$;

create or replace function contact_status(c trusted_contacts) returns text language sql immutable as $$
    select case when c.declined_at is not null and c.accepted_at is not null then 'stopped'
                when c.declined_at is not null then 'declined'
                when c.accepted_at is not null then 'accepted' else 'pending' end
$$;

create or replace function contact_json(c trusted_contacts) returns json language sql stable as $$
    select json_build_object('id', c.id, 'name', c.name, 'relationship', c.relationship, 'phone', c.phone,
        'email', c.email, 'notify_on_crisis', c.notify_on_crisis, 'is_active', c.is_active,
        'status', contact_status(c), 'accepted_at', c.accepted_at, 'declined_at', c.declined_at,
        'last_notified_at', c.last_notified_at, 'created_at', c.created_at, 'updated_at', c.updated_at)
$$;

-- The user's name for a contact. One that looks like a link must lead nobody to a page.
create or replace function contact_person(u users) returns text language sql stable as $$
    select left(coalesce(case when u.display_name ~ '[^[:space:]]' and u.display_name !~* '://|www\.'
                              then u.display_name end, u.email), 60)
$$;

create or replace function contact_fault(p_member text, p_message text) returns json language sql immutable as $$
    select refusal(422, 'VALIDATION_FAILED', p_member || ' ' || p_message,
        jsonb_build_array(jsonb_build_object('pointer', '/' || p_member, 'message', p_message)))
$$;

-- A refusal when the user may not have this contact, or not invite it now; otherwise NULL. `p_email` and `p_parent` are
-- the contact's address and that of the parent of a user who has one, as they are; `p_counted`: by which invitations to
-- the contact's number and address are counted.
create or replace function contact_refusal(
    u users, c trusted_contacts, p_email text, p_parent text, p_counted text[]
) returns json
language plpgsql stable as $$
begin
    if not (setting('crisis_contacts') #>> '{}')::boolean then
        return refusal(403, 'FEATURE_DISABLED', 'trusted contacts are not offered here');
    end if;
    if is_before(u.minor_until)
       and (c.phone is not null or c.email is null or lower(p_email) is distinct from lower(p_parent)
            or not coalesce((select granted from consents x where x.user_id = u.id and x.kind = 'parental'
                             order by x.at desc, x.id desc limit 1), false)) then
        return refusal(403, 'MINOR', 'a minor''s only contact is the parent who agreed to the account, at the e-mail '
            'address that was given then, without a phone number');
    end if;
    if c.name = '' then return contact_fault('name', 'must not be empty'); end if;
    if c.phone is null and c.email is null then
        return contact_fault('email', 'is needed, or a phone number');
    end if;
    if c.email is null and not has_channel('sms') then
        return contact_fault('phone', 'does not suffice: no text messages are sent here, so add an e-mail address');
    end if;
    if lower(p_email) = u.email_key then return contact_fault('email', 'is your own'); end if;
    if (select count(*) from trusted_contacts x where x.user_id = u.id) >= 5 then
        return refusal(409, 'CONTACT_LIMIT', 'there are at most five contacts; remove one first');
    end if;
    if exists (select from trusted_contacts x
               where x.user_id = u.id and (x.phone_hash = c.phone_hash or x.email_hash = c.email_hash)) then
        return refusal(409, 'CONTACT_EXISTS', 'this is one of your contacts already');
    end if;
    if exists (select from contact_messages m
               where m.user_id = u.id and m.declined
                 and m.recipient_hash in (c.phone_hash, c.email_hash)) then
        return refusal(409, 'CONTACT_DECLINED', 'this person does not want to be your contact');
    end if;
    -- Nobody is flooded with invitations, by one user or by many.
    if (select count(*) from contact_messages m
        where m.user_id = u.id and m.kind = 'invite' and m.created_at > now() - interval '1 day') >= 10
       or exists (select from unnest(p_counted) as r(hash)
                  where (select count(*) from contact_messages m
                         where m.counted_hash = r.hash and m.created_at > now() - interval '1 day') >= 3) then
        return refusal(429, 'CONTACT_INVITATIONS', 'too many invitations today; try again tomorrow');
    end if;
    return null;
end $$;

-- Requests the mail of a message to a contact. `p_to` is the contact's address, sealed for the mail's event; `m` has
-- the link, sealed for the same.
create or replace function contact_mail(m contact_messages, p_to text, p_traceparent text, p_request text) returns void
language sql as $$
    select email_add(coalesce(m.event_id, m.id), m.user_id, p_to,
        case m.kind when 'invite' then 'trusted_contact_invite' else 'trusted_contact_notice' end, u.locale::text,
        coalesce(m.link_token, ''), jsonb_build_object('name', c.name, 'person', contact_person(u)),
        now() + interval '1 day', p_traceparent, p_request)
    from users u, trusted_contacts c where u.id = m.user_id and c.id = m.contact_id
$$;

-- Adds a contact of the caller and requests its invitation: a text message where there is a phone and a way to it, else
-- a mail. With an id that is taken, the same contact is returned as it is now. `p_sealed` is what is stored of the
-- phone number and the address in `p_body`, {"phone", "phone_hash", "phone_counted", "email", "email_hash",
-- "email_counted", "to"}; `to` is the address, sealed for the mail.
create or replace function contact_add(
    p_id uuid, p_body jsonb, p_sealed jsonb, p_parent text, p_hash text, p_link text, p_event uuid, p_traceparent text,
    p_request text
) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    u users;
    c trusted_contacts;
    known trusted_contacts;
    m contact_messages;
    refused json;
    by_phone boolean;
begin
    perform pg_advisory_xact_lock(hashtextextended('trusted_contacts/' || caller(), 0));
    select * into u from users where id = caller();
    c := row(p_id, u.id, btrim(p_body ->> 'name'), btrim(coalesce(p_body ->> 'relationship', '')),
        p_sealed ->> 'phone', p_sealed ->> 'email', coalesce((p_body ->> 'notify_on_crisis')::boolean, true), true,
        p_hash, null, null, null, now(), now(), p_sealed ->> 'phone_hash', p_sealed ->> 'email_hash');
    select * into known from trusted_contacts where id = p_id and user_id = u.id;
    if found then return contact_json(known); end if;
    refused := contact_refusal(u, c, p_body ->> 'email', p_parent,
        array[p_sealed ->> 'phone_counted', p_sealed ->> 'email_counted']);
    if refused is not null then return refused; end if;
    insert into trusted_contacts values (c.*);
    by_phone := c.phone is not null and has_channel('sms');
    insert into contact_messages (id, user_id, contact_id, kind, channel, recipient_hash, counted_hash, link_token)
    values (p_event, u.id, c.id, 'invite', case when by_phone then 'sms' else 'email' end,
        case when by_phone then c.phone_hash else c.email_hash end,
        p_sealed ->> case when by_phone then 'phone_counted' else 'email_counted' end, p_link)
    returning * into m;
    if not by_phone then
        perform contact_mail(m, p_sealed ->> 'to', p_traceparent, p_request);
        update contact_messages set state = 'sent', sent_at = now(), link_token = null where id = m.id;
    end if;
    return contact_json(c);
end $$;

-- What a contact sees behind its link; NULL for a link of nobody.
create or replace function contact_details(p_hash text) returns json
language sql stable security definer set search_path = airi, pg_temp as $$
    select json_build_object('person', contact_person(u), 'product', setting('product_name') #>> '{}', 'name', c.name,
        'status', contact_status(c))
    from trusted_contacts c join users u on u.id = c.user_id where c.token_hash = p_hash
$$;

-- The contact's answer, which may change at any time.
create or replace function contact_answer(p_hash text, p_accept boolean) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    c trusted_contacts;
begin
    update trusted_contacts set
        accepted_at = case when not p_accept then accepted_at
                           when declined_at is null then coalesce(accepted_at, now()) else now() end,
        declined_at = case when not p_accept then coalesce(declined_at, now()) end,
        is_active = p_accept, updated_at = now()
    where token_hash = p_hash returning * into c;
    if not found then return null; end if;
    update contact_messages set declined = not p_accept where contact_id = c.id;
    return contact_details(p_hash);
end $$;

-- The contacts that a notice of this user would reach now.
create or replace function contacts_to_tell(p_user uuid) returns setof trusted_contacts language sql stable as $$
    select c.* from trusted_contacts c join users u on u.id = c.user_id
    where c.user_id = p_user and contact_status(c) = 'accepted' and c.is_active and c.notify_on_crisis
      and not is_today_utc(c.last_notified_at) and (c.email is not null or has_channel('sms'))
      and u.erased_at is null and u.status <> 'deleted' and (setting('crisis_contacts') #>> '{}')::boolean
    order by c.created_at
$$;

-- Plans the notice about an alert. A row, with the contacts' names: the user is to be told so. No row: nobody is to be
-- told, another notice has this alert too, or it is six hours old, when a notice would frighten more than help.
create or replace function crisis_notice_plan(
    p_id uuid, p_alert uuid, p_user uuid, p_severity text, p_detected timestamptz
) returns table (due_at timestamptz, contacts text, seconds int)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    n crisis_notices;
    delay int := setting_int('crisis_contact_delay_seconds');
    names text := (select string_agg(left(c.name, 35), ', ') from contacts_to_tell(p_user) c);
begin
    select * into n from crisis_notices x where x.user_id = p_user and p_alert = any (x.alert_ids);
    if not found then
        if names is null or p_severity not in ('high', 'critical') or p_detected < now() - interval '6 hours' then
            return;
        end if;
        update crisis_notices set
            alert_ids = alert_ids || p_alert,
            severity = case p_severity when 'critical' then p_severity else severity end
        where user_id = p_user and state = 'pending';
        if found then return; end if;
        insert into crisis_notices (id, user_id, alert_ids, severity, send_at)
        values (p_id, p_user, array[p_alert], p_severity, now() + make_interval(secs => delay))
        returning * into n;
    end if;
    if n.id = p_id then return query select n.send_at, coalesce(names, ''), delay; end if;
end $$;

-- Cancels a notice of the caller's that is not sent yet.
create or replace function crisis_notice_cancel(p_id uuid) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    n crisis_notices;
begin
    update crisis_notices set state = 'cancelled', ended_at = now()
    where id = p_id and user_id = caller() and state = 'pending';
    select * into n from crisis_notices where id = p_id and user_id = caller();
    if not found then return null; end if;
    if n.state = 'sent' then return refusal(409, 'NOTICE_SENT', 'your contacts have been told already'); end if;
    return json_build_object('id', n.id, 'state', n.state, 'send_at', n.send_at, 'ended_at', n.ended_at);
end $$;

-- Records on the alerts of a notice that a contact was told.
create or replace function crisis_alerts_told(p_notice uuid) returns void language sql as $$
    update crisis_alerts a set contacts_notified = true, updated_at = now()
    from crisis_notices n where n.id = p_notice and a.id = any (n.alert_ids) and not a.contacts_notified
$$;

-- Turns each notice that is due into messages, one to a contact: to the phone, else a mail. Beside a critical alert a
-- phone is called too. Returns the number of notices.
create or replace function crisis_notices_release(p_limit int) returns int
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    n crisis_notices;
    c trusted_contacts;
    by_phone boolean := has_channel('sms');
    calls boolean := has_channel('call');
    told boolean;
    done int := 0;
begin
    for n in select * from crisis_notices where state = 'pending' and send_at <= now()
             order by send_at limit p_limit for update skip locked loop
        told := false;
        for c in update trusted_contacts t set last_notified_at = now()
                 where t.id in (select x.id from contacts_to_tell(n.user_id) x) and not is_today_utc(t.last_notified_at)
                   and contact_status(t) = 'accepted'
                 returning t.* loop
            told := true;
            insert into contact_messages (id, user_id, contact_id, notice_id, kind, channel, recipient_hash)
            select md5(n.id || '/' || w.channel || '/' || c.id)::uuid, n.user_id, c.id, n.id, 'notice', w.channel,
                coalesce(case w.channel when 'email' then c.email_hash else c.phone_hash end, '')
            from unnest(case when c.phone is null or not by_phone then array['email']
                             when calls and n.severity = 'critical' then array['sms', 'call']
                             else array['sms'] end) as w(channel)
            on conflict do nothing;
        end loop;
        update crisis_notices set state = case when told then 'sent' else 'skipped' end, ended_at = now()
        where id = n.id;
        done := done + 1;
    end loop;
    return done;
end $$;

-- Claims messages by these channels that are due, until p_lease has passed. `claim` names it; `maybe_sent`: an earlier
-- claim may have sent it. `recipient` is the number or address, sealed with the user's key, and `event` that of a mail.
-- A message to a contact who was removed or has stopped it, and one that could not be sent for six hours (an
-- invitation: a day), is not sent.
create or replace function contact_messages_claim(p_channels text[], p_limit int, p_lease interval)
returns table (id uuid, kind text, channel text, claim int, maybe_sent boolean, recipient text, locale text,
               person text, product text, link text, event uuid, user_id uuid, sealed_key bytea)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    late contact_messages;
begin
    for late in
        select * from contact_messages m
        where m.state = 'queued' and m.due_at <= now()
          and (not exists (select from trusted_contacts c where c.id = m.contact_id and c.declined_at is null)
               or m.created_at < now() - case m.kind when 'invite' then interval '1 day' else interval '6 hours' end)
        limit p_limit for update skip locked
    loop
        perform contact_message_failed(late.id, late.attempts, 'expired', false);
    end loop;
    return query
        with due as materialized (
            select m.id, m.maybe_sent from contact_messages m
            where m.state = 'queued' and m.due_at <= now() and m.channel = any (p_channels)
            order by m.due_at limit p_limit for update skip locked
        ), claimed as (
            update contact_messages m set attempts = attempts + 1, due_at = now() + p_lease, maybe_sent = true
            from due where m.id = due.id
            returning m.*, due.maybe_sent as unsure
        )
        select m.id, m.kind, m.channel, m.attempts, m.unsure, case m.channel when 'email' then c.email else c.phone end,
            u.locale::text, contact_person(u), setting('product_name') #>> '{}', coalesce(m.link_token, ''),
            coalesce(m.event_id, m.id), m.user_id, k.sealed_key
        from claimed m join trusted_contacts c on c.id = m.contact_id join users u on u.id = m.user_id
        left join user_keys k on k.user_id = m.user_id;
end $$;

-- The milliseconds until a notice or a message by one of these channels is due; NULL when there is none.
create or replace function contact_messages_next(p_channels text[]) returns bigint
language sql stable security definer set search_path = airi, pg_temp as $$
    select ceil(extract(epoch from least(
        (select min(n.send_at) from crisis_notices n where n.state = 'pending'),
        (select min(m.due_at) from contact_messages m
         where m.state = 'queued' and m.channel = any (p_channels))) - now()) * 1000)::bigint
$$;

-- The ends of a claim; each does nothing once a newer one is there. Sent: the provider has accepted it.
create or replace function contact_message_sent(p_id uuid, p_claim int, p_sid text) returns void
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    m contact_messages;
begin
    update contact_messages set state = 'sent', provider_sid = p_sid, sent_at = now(), link_token = null, error = null
    where id = p_id and attempts = p_claim and state = 'queued' returning * into m;
    if m.notice_id is not null then perform crisis_alerts_told(m.notice_id); end if;
end $$;

-- A message whose way is a mail, which is requested in the same transaction.
create or replace function contact_message_mailed(p_id uuid, p_claim int, p_to text) returns void
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    m contact_messages;
begin
    select * into m from contact_messages where id = p_id and attempts = p_claim and state = 'queued' for update;
    if not found then return; end if;
    perform contact_mail(m, p_to, '', '');
    perform contact_message_sent(p_id, p_claim, null);
end $$;

create or replace function contact_message_again(
    p_id uuid, p_claim int, p_pause interval, p_maybe_sent boolean, p_error text
) returns void
language sql security definer set search_path = airi, pg_temp as $$
    update contact_messages set due_at = now() + p_pause, maybe_sent = p_maybe_sent, error = p_error
    where id = p_id and attempts = p_claim and state = 'queued'
$$;

-- p_stop: the contact has told the provider that no message is wanted. Otherwise a mail takes the place of a text
-- message, where there is an address.
create or replace function contact_message_failed(p_id uuid, p_claim int, p_error text, p_stop boolean) returns void
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    m contact_messages;
    c trusted_contacts;
    link text := (select x.link_token from contact_messages x where x.id = p_id);
begin
    update contact_messages set state = 'failed', error = p_error, link_token = null
    where id = p_id and attempts = p_claim and state = 'queued' returning * into m;
    if not found then return; end if;
    select * into c from trusted_contacts where id = m.contact_id and declined_at is null;
    if not found then return; end if;
    if p_stop then
        update trusted_contacts set declined_at = now(), is_active = false, updated_at = now() where id = c.id;
        update contact_messages set declined = true where contact_id = c.id;
    elsif m.channel = 'sms' and c.email is not null then
        insert into contact_messages (id, user_id, contact_id, notice_id, kind, channel, recipient_hash, link_token,
                                      event_id)
        values (md5(m.id || '/email')::uuid, m.user_id, c.id, m.notice_id, m.kind, 'email', coalesce(c.email_hash, ''),
            link, m.id)
        on conflict do nothing;
    end if;
end $$;
