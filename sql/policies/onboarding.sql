grant execute on function onboarding_json, onboarding_with to airi_app;
