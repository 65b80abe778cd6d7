-- Runs after each applied file. Every object belongs to airi_owner, whichever role ran the file, so that a `security
-- definer` function never has a superuser's rights; and only granted roles may execute a function.
do $$
declare
    change text;
begin
    for change in
        select format('alter %s %s owner to airi_owner',
                      case relkind when 'v' then 'view' when 'm' then 'materialized view'
                                   when 'S' then 'sequence' else 'table' end,
                      c.oid::regclass)
        from pg_class c
        where relnamespace = 'airi'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S')
          and relowner <> 'airi_owner'::regrole
          -- the sequence of a column follows its table
          and not (relkind = 'S'
                   and exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i')))
        union all
        select format('alter routine %s owner to airi_owner', p.oid::regprocedure)
        from pg_proc p
        where pronamespace = 'airi'::regnamespace and proowner <> 'airi_owner'::regrole
          and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
        union all
        select format('alter %s %s owner to airi_owner', case typtype when 'd' then 'domain' else 'type' end,
                      t.oid::regtype)
        from pg_type t
        where typnamespace = 'airi'::regnamespace and typtype in ('e', 'd', 'r')
          and typowner <> 'airi_owner'::regrole
    loop
        execute change;
    end loop;
end $$;

revoke all on all functions in schema airi from public;
