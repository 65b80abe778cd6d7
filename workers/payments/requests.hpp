// The requests to Stripe: to buy a plan, to change, cancel or continue a subscription, to preview the cost of a change,
// to open the customer portal, to pay once; and those of a closed account: to cancel, and to delete its customer.
#pragma once

#include <optional>
#include <string>

#include "platform/base/json.hpp"
#include "workers/providers/payments/stripe.hpp"

namespace airi::workers::payments {

/// A row of payment_requests with its user. `parameters`: the body of the request, with the plan's price and the
/// subscription.
struct ask {
    std::string id, kind, user, email, name, locale;
    std::string customer;  ///< the user's at the provider; empty: none yet
    json::value parameters;

    std::string parameter(std::string_view which) const { return std::string(parameters[which].string().value_or("")); }
    bool flag(std::string_view which) const { return parameters[which].boolean().value_or(false); }
};

struct conclusion {
    error_code error{};          ///< not done: to be tried again
    std::string state = "done";  ///< or refused: `result` is a problem {status, code, message}
    std::string result = "{}";
    std::string customer{};                  ///< the user's; empty: nothing to be stored of it
    std::string subscription{}, payment{};   ///< have changed, or may have: to be read again
    std::optional<std::string> next_plan{};  ///< of the subscription's next period; empty: none any more
};

/// A refusal, as the gateway answers it.
conclusion refused(unsigned status, std::string_view code, std::string_view message);

/// `stripe` must outlive the coroutine, and the document of its parameters too.
awaitable<conclusion> carry_out(ask, const providers::stripe::client& stripe);

}  // namespace airi::workers::payments
