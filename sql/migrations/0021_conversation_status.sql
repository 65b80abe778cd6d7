-- A conversation is active until its user pauses or ends it; a later message makes it active again.
set search_path = airi;

alter table conversations add column paused_at timestamptz, add column ended_at timestamptz;
