// The payments worker: webhooks of payment providers, and what users ask of them, in; rows, mails and the users' plans
// out. What a webhook says is a hint: its objects are read again, so that order, repetitions and old ones do not
// matter.
#pragma once

#include "events/payments.hpp"
#include "workers/payments/recent_reads.hpp"
#include "workers/providers/payments/stripe.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::payments {

struct ports {
    postgres::database& database;
    const providers::stripe::client& stripe;
    recent_reads& recent;
};

/// `received`: when the record came to this process.
awaitable<result<effects>> handle_webhook(
    events::webhook_received, std::chrono::steady_clock::time_point received, const ports&);
/// Carries a request of a user's out. Its result is stored; its keys are the request's, so that a repetition changes
/// nothing at the provider.
awaitable<result<effects>> handle_request(events::payment_requested, const ports&);

worker declare(const ports&);

}  // namespace airi::workers::payments
