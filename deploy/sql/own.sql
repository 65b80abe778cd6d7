-- After each migration: what it made belongs to airi_owner, whoever ran it, so that a function that acts with
-- its owner's rights never acts with a superuser's.
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
