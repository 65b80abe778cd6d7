-- name: idempotency.begin
select idempotency_begin(:id, :request, :seed::uuid, :generation::uuid, :busy_ms::int)::text;

-- name: idempotency.end
select idempotency_end(:id, :status::int, :answer);

-- name: idempotency.forget
select idempotency_forget(:id);
