-- Runs after the policies. A table with one column that refers to a user `on delete cascade`, and which no file of
-- policies/ has isolated, has rows of users: the gateway may read and change those of the caller, nobody else's.
do $$
declare
    t record;
begin
    for t in
        select c.oid::regclass as name, min(a.attname) as owner
        from pg_class c
        join pg_constraint f on f.conrelid = c.oid and f.contype = 'f' and f.confrelid = 'airi.users'::regclass
                            and f.confdeltype = 'c' and cardinality(f.conkey) = 1
        join pg_attribute a on a.attrelid = c.oid and a.attnum = f.conkey[1]
        where c.relnamespace = 'airi'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
          and not c.relrowsecurity
        group by c.oid having count(*) = 1
    loop
        perform isolate(t.name, format('%I = caller()', t.owner));
        execute format('grant select, insert, update, delete on %s to airi_app', t.name);
    end loop;
end $$;
