-- name: game_pool.id
select game_pool_id(:game);

-- name: game_pool.step
select game_pool_step(:game, :driver, :place, :owner, :version, :check::interval)::text;

-- name: game_pool.started
select game_server_started(:id::uuid, :owner, :handle, :host, :port::int);

-- name: game_pool.checked
select game_server_checked(:id::uuid, :is);

-- name: game_pool.gone
select game_server_gone(:id::uuid);

-- name: game_pool.orphans
select game_pool_orphans(:game, :found::uuid[]);
