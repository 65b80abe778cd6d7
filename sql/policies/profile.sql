grant execute on function profile_json, preferences_of, profile_change to airi_app;
