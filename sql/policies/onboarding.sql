grant execute on function onboarding_json, onboarding_with, onboarding_preferences to airi_app;
