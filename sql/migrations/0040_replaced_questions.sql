-- A reply whose question is replaced or deleted while it is generated: the generation's row says so, which the
-- statement that stores the reply locks and reads.
set search_path = airi;

alter table generations
    -- The message that replaces the question, or a question before it. Until gone_at it is a claim of a request that is
    -- under way, good for a minute.
    add column replaced_by uuid,
    add column replaced_at timestamptz,
    -- The question was replaced or deleted, so the reply is part of an earlier version.
    add column gone_at timestamptz;
