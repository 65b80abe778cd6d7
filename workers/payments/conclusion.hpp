// How a request to the payment provider ends.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/base/json.hpp"
#include "workers/providers/payments/stripe.hpp"

namespace airi::workers::payments {

struct conclusion {
    error_code error{};          ///< not done: to be tried again
    std::string state = "done";  ///< or refused: `result` is a problem {status, code, message}
    std::string result = "{}";
    std::string customer{};                  ///< the user's; empty: nothing is stored
    std::string subscription{}, payment{};   ///< have changed, or may have: to be read again
    std::optional<std::string> next_plan{};  ///< of the subscription's next period; empty: none any more

    bool ok() const { return !error && state == "done"; }
};

/// A refusal, as the gateway answers it.
conclusion refused(unsigned status, std::string_view code, std::string_view message);
/// An error that is final is the user's answer; any other is to be tried again.
conclusion failed(const providers::stripe::answer&);
conclusion done(std::string customer, json::object& result);
/// `result`: further members of the answer.
conclusion done_with(std::string customer, json::value subscription, json::object result = {});

/// {client_secret}, by which a client pays the latest invoice itself or the payer confirms it at the bank; during a
/// trial that of the payment method's set-up; null when nothing is to be done.
json::object client_secret_of(json::value subscription);

}  // namespace airi::workers::payments
