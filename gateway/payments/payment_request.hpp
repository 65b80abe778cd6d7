// Requests of users to the payment provider. The payments worker carries them out; the gateway waits for its answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "events/payments.hpp"
#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

struct payment_ask {
    events::payment_request_id id;  ///< the same for a repetition
    user_id caller;
    /// checkout, subscribe, change, cancel, resume, preview, withdraw, details, portal, payment, refund
    std::string_view kind;
    /// An object: plan, interval, immediately, immediate_start, success_url, cancel_url, return_url; of a refund and of
    /// details their bodies.
    std::string body;
    unsigned status = 200;  ///< of a success
};

/// The answer is the provider's; while the worker has none after some seconds, 503, and the request goes on.
awaitable<route_result> request_payment(services&, const request&, payment_ask);

/// A URL that a client gave, if its origin is one of ours; the frontend's `page` without one. Nothing: any other.
std::optional<std::string> return_url(const services&, const std::optional<std::string>& given, std::string_view page);

}  // namespace airi::gateway
