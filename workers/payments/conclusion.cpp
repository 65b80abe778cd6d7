#include "workers/payments/conclusion.hpp"

namespace airi::workers::payments {

namespace stripe = providers::stripe;

conclusion refused(unsigned status, std::string_view code, std::string_view message) {
    return {.state = "refused",
        .result = json::object().add("status", status).add("code", code).add("message", message).text()};
}

conclusion failed(const stripe::answer& answer) {
    const auto error = answer.root()["error"];
    const auto kind = failure_of(answer.error);
    if (kind != failure::refused && kind != failure::missing) return {.error = answer.error};
    const auto text = [&](std::string_view name) { return error[name].string().value_or(""); };
    if (text("type") == "card_error") return refused(402, "PAYMENT_REFUSED", text("message"));
    return refused(409, "PAYMENT_REFUSED", "the payment provider rejected this");
}

conclusion done(std::string customer, json::object& result) {
    return {.result = result.text(), .customer = std::move(customer)};
}

conclusion done_with(std::string customer, json::value subscription, json::object result) {
    result.add_raw("subscription", stripe::subscription_of(subscription));
    auto out = done(std::move(customer), result);
    out.subscription = stripe::id_of(subscription["id"]);
    return out;
}

json::object client_secret_of(json::value subscription) {
    const auto invoice = subscription["latest_invoice"], setup = subscription["pending_setup_intent"];
    const bool owed = invoice["status"].string() == "open";
    json::object out;
    out.add("client_secret",
        owed ? invoice["confirmation_secret"]["client_secret"].string() : setup["client_secret"].string());
    return out;
}

}  // namespace airi::workers::payments
