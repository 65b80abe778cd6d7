-- name: two_factor.verify
select two_factor_take(:user::uuid, :code);

-- name: two_factor.setup
select two_factor_setup(decode(:secret, 'hex'));

-- name: two_factor.enable
select two_factor_enable(:code, :recovery::text[])::text;

-- name: two_factor.disable
select two_factor_disable(:code)::text;

-- name: two_factor.status
select two_factor_status()::text;
