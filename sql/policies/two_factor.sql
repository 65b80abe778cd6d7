select isolate('two_factor', 'false');
revoke all on two_factor from airi_app, airi_worker;

grant execute on function two_factor_seed, two_factor_accept, two_factor_setup, two_factor_enable, two_factor_disable,
    two_factor_status to airi_app;
