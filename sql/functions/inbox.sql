-- The inbox: which events a consumer has handled whose effects have no key of their own (a mail, a notice that its user
-- may delete).

-- How long its rows are kept: longer than records are kept anywhere, so that none of them is taken for a new one. An
-- event from before is taken for a handled one, as its row may be gone.
create or replace function inbox_window() returns interval language sql immutable as $$
    select interval '400 days'
$$;

-- Whether the consumer has handled the event, which was caused at `p_at`.
create or replace function inbox_has(p_consumer text, p_event uuid, p_at timestamptz) returns boolean
language sql stable as $$
    select p_at < now() - inbox_window()
        or exists (select from inbox i where i.consumer = p_consumer and i.event_id = p_event)
$$;

-- Notes that the consumer handles the event in this transaction. False: it was handled before.
create or replace function inbox_add(p_consumer text, p_event uuid, p_at timestamptz) returns boolean
language plpgsql as $$
begin
    if p_at < now() - inbox_window() then return false; end if;
    insert into inbox (consumer, event_id) values (p_consumer, p_event) on conflict do nothing;
    return found;
end $$;
