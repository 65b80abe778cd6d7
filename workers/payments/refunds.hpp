// Refunds: an administrator's, and those of a withdrawal from a contract.
#pragma once

#include "workers/payments/requests.hpp"

namespace airi::workers::payments {

/// `stripe` must outlive the coroutines, and the document of the request's parameters too.
awaitable<conclusion> refund(const ask&, const providers::stripe::client& stripe);
/// Refunds a part of each paid invoice of the subscription. `cancelled`: of its cancellation; the sum of the refunds is
/// added to its result.
awaitable<conclusion> refund_parts(
    const ask&, json::value subscription, conclusion cancelled, const providers::stripe::client& stripe);

}  // namespace airi::workers::payments
