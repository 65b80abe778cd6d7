-- Blocked terms that an administrator has changed; a profile leaves them alone.
set search_path = airi;

alter table blocked_terms
    add column changed_at timestamptz,      -- NULL: as the profile has it
    add column changed_by uuid,
    drop constraint blocked_terms_check,
    -- 'none': not in force.
    add check (action in ('warn', 'block', 'review', 'none'));
