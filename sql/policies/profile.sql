grant execute on function profile_json to airi_app;
