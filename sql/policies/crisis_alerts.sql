grant execute on function crisis_alert_create, crisis_alerts_own, crisis_alerts_page, crisis_alert_read,
    crisis_alert_evidence, crisis_alert_change, crisis_alert_false_alarm to airi_app;
