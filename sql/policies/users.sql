grant execute on function user_profile, user_update, user_stats, user_activity to airi_app;
