grant execute on function profile_json, preferences_of, preferences_change, profile_change to airi_app;
