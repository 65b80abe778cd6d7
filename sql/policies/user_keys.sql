select isolate('user_keys', 'user_id = caller()');
revoke all on user_keys from airi_app, airi_worker;
grant select (user_id, sealed_key) on user_keys to airi_app;
grant select, update (sealed_key) on user_keys to airi_worker;

grant execute on function user_key_make to airi_app;
grant execute on function user_values_unsealed, user_values_seal to airi_worker;
