-- name: two_factor.seed
-- As it is stored, and the user's key.
select secret, encode(sealed_key, 'hex') from two_factor_seed(:user::uuid);

-- name: two_factor.accept
select two_factor_accept(:user::uuid, :claim::jsonb);

-- name: two_factor.setup
select two_factor_setup(:secret);

-- name: two_factor.enable
select two_factor_enable(:claim::jsonb, :recovery::text[])::text;

-- name: two_factor.disable
select two_factor_disable(:claim::jsonb)::text;

-- name: two_factor.status
select two_factor_status()::text;
