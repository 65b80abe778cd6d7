// Money that goes back: an administrator's refund, and what a withdrawal from a contract gives back.
#pragma once

#include "workers/payments/requests.hpp"

namespace airi::workers::payments {

/// `stripe` must outlive the coroutines, and the document of the request's parameters too.
awaitable<conclusion> refund(const ask&, const providers::stripe::client& stripe);
/// Gives back a part of each paid invoice of the subscription that `cancelled` ended, and adds what it was.
awaitable<conclusion> refund_parts(
    const ask&, json::value subscription, conclusion cancelled, const providers::stripe::client& stripe);

}  // namespace airi::workers::payments
