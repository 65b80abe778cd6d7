grant execute on function admin_users, admin_user, admin_act, admin_settings, admin_set, admin_set_all, admin_flags,
    admin_flag, admin_audit, admin_conversations, admin_messages to airi_app;
