grant execute on function onboarding_json to airi_app;
