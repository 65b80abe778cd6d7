revoke all on moderation_shadow_counts from airi_app, airi_worker;

grant execute on function held_page, held_decide, shadow_report, terms_find, terms_set to airi_app;
grant execute on function shadow_count to airi_worker;
