#include "workers/payments/refunds.hpp"

namespace airi::workers::payments {
namespace {

namespace stripe = providers::stripe;

// The payment by which an invoice was paid.
awaitable<conclusion> find_payment(std::string invoice, std::string& payment, const stripe::client& stripe) {
    const auto got = co_await stripe.get("invoice_payments?status=paid&invoice=" + invoice);
    if (got.error) co_return failed(got);
    got.root()["data"].each([&](json::value each) {
        if (payment.empty()) payment = stripe::id_of(each["payment"]["payment_intent"]);
    });
    if (payment.empty()) co_return refused(409, "NOT_REFUNDABLE", "the invoice was not paid at the payment provider");
    co_return conclusion{};
}

}  // namespace

awaitable<conclusion> refund(const ask& asked, const stripe::client& stripe) {
    auto payment = asked.parameter("payment");
    if (payment.empty())
        if (auto found = co_await find_payment(asked.parameter("invoice"), payment, stripe); !found.ok())
            co_return found;
    stripe::parameters given{{"payment_intent", payment}, {"metadata[request]", asked.id}};
    add_number(given, "amount", asked.parameters["amount"]);
    if (const auto reason = asked.parameter("reason"); !reason.empty()) given.emplace_back("reason", reason);
    const auto got = co_await stripe.post("refunds", std::move(given), asked.id + "/refund");
    if (got.error) {
        auto out = failed(got);
        const auto why = got.root()["error"]["message"].string();
        co_return out.error || !why ? out : refused(409, "NOT_REFUNDABLE", *why);
    }
    json::object result;
    result.add("id", stripe::id_of(got.root()["id"]))
        .add("amount", got.root()["amount"].integer().value_or(0))
        .add("currency", got.root()["currency"].string())
        .add("status", got.root()["status"].string());
    auto out = done(asked.customer, result);
    out.payment = payment;
    co_return out;
}

awaitable<conclusion> refund_parts(
    const ask& asked, json::value subscription, conclusion out, const stripe::client& stripe) {
    const auto paid =
        co_await stripe.get("invoices?status=paid&limit=100&subscription=" + stripe::id_of(subscription["id"]));
    if (paid.error) co_return failed(paid);
    std::vector<std::pair<std::string, std::int64_t>> shares;
    paid.root()["data"].each([&](json::value invoice) {
        const auto share =
            invoice["amount_paid"].integer().value_or(0) * asked.parameters["parts"].integer().value_or(0) / 1'000'000;
        if (share > 0) shares.emplace_back(stripe::id_of(invoice["id"]), share);
    });
    std::int64_t refunded = 0;
    for (const auto& [invoice, share] : shares) {
        std::string payment;
        const auto found = co_await find_payment(invoice, payment, stripe);
        if (found.error) co_return found;
        if (payment.empty()) continue;
        const auto got = co_await stripe.post("refunds",
            {{"payment_intent", payment}, {"amount", std::to_string(share)}, {"metadata[request]", asked.id}},
            asked.id + "/withdraw/" + invoice);
        // An administrator has refunded it already.
        if (got.error == stripe::errc::rejected) continue;
        if (got.error) co_return failed(got);
        refunded += share;
        out.payment = payment;
    }
    const auto cancelled = json::document::parse(out.result);
    json::object result;
    result.add_raw("subscription", cancelled->root()["subscription"].text())
        .add("refunded", refunded)
        .add("currency", subscription["currency"].string());
    out.result = result.text();
    co_return out;
}

}  // namespace airi::workers::payments
