-- A message that moderation holds is on its way to no model before a person has decided about it. The decision is the
-- row of the queue.
set search_path = airi;

alter type message_status add value 'held' before 'completed';

alter table moderation_decisions
    add column review text check (review in ('held', 'allowed', 'rejected', 'withdrawn')),  -- NULL: was never held
    add column reviewed_by uuid,
    add column reviewed_at timestamptz;
create index moderation_decisions_reviewed on moderation_decisions (created_at, message_id) where review is not null;

-- A message in distress is never held: a warning records it.
update moderation_rules set warn = least(warn, review), review = null where category like 'self-harm%';
alter table moderation_rules add check (review is null or category not like 'self-harm%');
