grant execute on function admin_users, admin_user, admin_act, admin_settings, admin_set, admin_flags, admin_flag,
    admin_audit to airi_app;
