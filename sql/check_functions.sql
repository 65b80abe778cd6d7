-- Validates the body of every function, as `create function` does when check_function_bodies is on.
set check_function_bodies = on;
do $$
begin
    perform case l.lanname when 'sql' then fmgr_sql_validator(p.oid) else plpgsql_validator(p.oid) end
    from pg_proc p join pg_language l on l.oid = p.prolang
    where p.pronamespace = 'airi'::regnamespace and l.lanname in ('sql', 'plpgsql');
end $$;
