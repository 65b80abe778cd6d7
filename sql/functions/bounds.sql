-- JSON objects that clients write and merge into have bounds after the merge: 16 KiB as text, 100 members. Statements
-- ask json_refusal() and answer 422; the trigger keep_bounded refuses the changes of statements that do not ask.
create or replace function json_fault(p_value jsonb) returns text language sql immutable as $$
    select case
        when octet_length(p_value::text) > 16384 then 'has more than 16 KiB with what is stored already'
        when jsonb_typeof(p_value) = 'object' and (select count(*) from jsonb_object_keys(p_value)) > 100
            then 'has more than 100 members with those stored already' end
$$;

-- NULL for a value within the bounds. `p_pointer`: to the value in the body.
create or replace function json_refusal(p_pointer text, p_value jsonb) returns json language sql immutable as $$
    select refusal(422, 'VALIDATION_FAILED', f.fault,
        jsonb_build_array(jsonb_build_object('pointer', p_pointer, 'message', f.fault)))
    from json_fault(p_value) f(fault) where f.fault is not null
$$;

-- Its arguments are columns. A value from before the bounds may stay, and shrink.
create or replace function keep_bounded() returns trigger
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    before jsonb := case when tg_op = 'UPDATE' then to_jsonb(old) else '{}' end;
    after jsonb := to_jsonb(new);
    fault text;
begin
    for i in 0 .. tg_nargs - 1 loop
        fault := json_fault(after -> tg_argv[i]);
        if fault is not null and octet_length((after -> tg_argv[i])::text)
                                 > coalesce(octet_length((before -> tg_argv[i])::text), 0) then
            raise exception '% %', tg_argv[i], fault using errcode = 'check_violation';
        end if;
    end loop;
    return new;
end $$;

create or replace trigger keep_bounded before insert or update of metadata, preferences, onboarding on users
    for each row execute function keep_bounded('metadata', 'preferences', 'onboarding');
