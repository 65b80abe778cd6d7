-- The watched values that are too high. A table's dead rows are too many when they are more than autovacuum
-- allows three times over; a transaction id is too old long before the server's own 1.6 billion; a slot is
-- too far behind when the log that waits for it is an eighth of what deploy/lib/postgres.sh lets it have.
create or replace function database_warnings() returns table (event text, name text, value bigint, most bigint)
language sql stable as $$
    select 'database.needs_vacuum', s.relname::text, s.n_dead_tup,
        (3 * (current_setting('autovacuum_vacuum_threshold')::int
              + current_setting('autovacuum_vacuum_scale_factor')::float8 * s.n_live_tup))::bigint + 10000
    from pg_stat_user_tables s where s.schemaname = 'airi'
    union all
    select 'database.xid_age', d.datname::text, age(d.datfrozenxid)::bigint, 500000000
    from pg_database d where d.datname = current_database()
    union all
    select 'database.slot_behind', r.slot_name::text,
        pg_wal_lsn_diff(pg_current_wal_lsn(), r.restart_lsn)::bigint, 1073741824
    from pg_replication_slots r where r.restart_lsn is not null
$$;

-- For the scheduler's gauges, with the warnings in force.
create or replace function database_state() returns json
language sql stable security definer set search_path = airi, pg_temp as $$
    with all_of as materialized (select * from database_warnings())
    select json_build_object(
        'dead_rows', coalesce(sum(value) filter (where event = 'database.needs_vacuum'), 0),
        'xid_age', max(value) filter (where event = 'database.xid_age'),
        'slot_bytes', coalesce(max(value) filter (where event = 'database.slot_behind'), 0),
        'warnings', coalesce(json_agg(json_build_object(
            'event', event, 'of', name, 'value', value, 'limit', most)) filter (where value > most), '[]'))
    from all_of
$$;
