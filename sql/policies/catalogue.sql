revoke all on plans, plan_limits, rate_limits, model_prices, model_ids, feature_flags, system_settings, blocked_terms,
    moderation_rules from airi_app, airi_worker;
grant select on plans, plan_limits, rate_limits, model_prices, model_ids, feature_flags, system_settings, blocked_terms
    to airi_app;
grant select on plans, plan_limits, model_prices, model_ids, feature_flags, system_settings, blocked_terms,
    moderation_rules to airi_worker;
