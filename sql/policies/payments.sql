select isolate('payment_customers', 'user_id = caller()');
revoke all on payment_customers from airi_app, airi_worker;
grant select on payment_customers to airi_app, airi_worker;

select isolate('subscriptions', 'user_id = caller()');
revoke all on subscriptions from airi_app, airi_worker;
grant select on subscriptions to airi_app;

select isolate('subscription_history', 'user_id = caller()');
revoke all on subscription_history from airi_app, airi_worker;
grant select on subscription_history to airi_app;

select isolate('invoices', 'user_id = caller()');
revoke all on invoices from airi_app, airi_worker;
grant select on invoices to airi_app;

select isolate('payment_history', 'user_id = caller()');
revoke all on payment_history from airi_app, airi_worker;
grant select on payment_history to airi_app;

revoke all on payment_events from airi_app, airi_worker;
grant select on payment_events to airi_worker;

select isolate('payment_requests', 'user_id = caller()');
revoke all on payment_requests from airi_app, airi_worker;

revoke all on business_alerts from airi_app, airi_worker;

grant execute on function payment_request, payment_refund, payment_result, payment_revenue, is_bought, amount_text,
    invoice_json, withdraw_until to airi_app;
grant execute on function payment_apply, payment_claim, payment_finish to airi_worker;
