-- name: payments.request
select (case :kind when 'refund' then payment_refund(:id::uuid, :body::jsonb)
        else payment_request(:id::uuid, :kind, :body::jsonb) end)::text;

-- name: payments.result
select payment_result(:id::uuid)::text;

-- name: payments.invoices
-- The newest first; the cursor is the last one's time and place among those of the same time.
select coalesce(json_agg(invoice order by created_at desc, place desc), '[]')::text,
       case when count(*) = :limit::int then
           (array_agg(to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '|' || place
                      order by created_at, place))[1] end
from (
    select i.created_at, md5(i.id)::uuid as place, invoice_json(i) as invoice
    from invoices i
    where i.user_id = caller()
      and (:cursor::text is null
           or (i.created_at, md5(i.id)::uuid)
               < (split_part(:cursor, '|', 1)::timestamptz, split_part(:cursor, '|', 2)::uuid))
    order by i.created_at desc, md5(i.id)::uuid desc limit :limit::int) page;

-- name: payments.invoice
select invoice_json(i)::text from invoices i where i.user_id = caller() and i.id = :invoice;

-- name: payments.payment
select json_build_object('id', h.id, 'gateway', upper(h.provider), 'gateway_id', h.reference, 'status', h.status,
    'amount', h.amount, 'refunded', h.refunded, 'currency', h.currency, 'plan', h.plan, 'created_at', h.created_at,
    'updated_at', h.updated_at)::text
from payment_history h where h.user_id = caller() and (h.id::text = :payment or h.reference = :payment);

-- name: payments.way
-- The way to that plan for the caller: checkout, change, or cancel for the one that costs nothing.
select case when p.is_default then 'cancel'
            when exists (select from subscriptions s where s.user_id = caller() and is_bought(s)) then 'change'
            else 'checkout' end
from (select coalesce((select is_default from plans where id = :plan), false) as is_default) p;

-- name: payments.revenue
select payment_revenue(:days::int)::text;

-- name: payments.known
-- Whether the event was handled, and the revision of the customer.
select exists (select from payment_events where provider = :provider and id = :event),
       coalesce((select revision from payment_customers where provider = :provider and id = :customer), 0);

-- name: payments.revision
select coalesce((select revision from payment_customers where provider = :provider and id = :id), 0);

-- name: payments.apply
select payment_apply(:provider, :event, :type, :object, :outcome, :received::timestamptz, :customer, :user,
    :revision::bigint, :objects::jsonb)::text;

-- name: payments.claim
select payment_claim(:id::uuid, :provider)::text;

-- name: payments.finish
select payment_finish(:id::uuid, :provider, :state, :result::jsonb, :customer, :next_plan, :revision::bigint,
    :objects::jsonb)::text;
