#include "workers/payments/requests.hpp"

#include "workers/payments/refunds.hpp"
#include "workers/payments/subscriptions.hpp"

namespace airi::workers::payments {
namespace {

namespace stripe = providers::stripe;
using stripe::parameters;

// The redirect is the provider's page: nothing has changed yet.
conclusion redirect(const ask& asked, json::value session) {
    json::object result;
    result.add("id", stripe::id_of(session["id"])).add("url", session["url"].string().value_or(""));
    return done(asked.customer, result);
}

// The metadata of a new subscription, which each later read of it returns.
void add_metadata(parameters& to, const ask& asked, const std::string& name) {
    to.emplace_back(name + "[user_id]", asked.user);
    to.emplace_back(name + "[plan]", asked.parameter("plan"));
    add_number(to, name + "[immediate_start]", asked.parameters["immediate_start"]);
}

awaitable<conclusion> checkout(const ask& asked, const stripe::client& stripe) {
    parameters given{{"mode", "subscription"}, {"customer", asked.customer}, {"client_reference_id", asked.user},
        {"line_items[0][price]", asked.parameter("price")}, {"line_items[0][quantity]", "1"},
        {"success_url", asked.parameter("success_url")}, {"cancel_url", asked.parameter("cancel_url")},
        {"allow_promotion_codes", "true"}};
    add_metadata(given, asked, "metadata");
    add_metadata(given, asked, "subscription_data[metadata]");
    add_number(given, "subscription_data[trial_period_days]", asked.parameters["trial_days"]);
    // The page asks for the address and the VAT id, and stores them with the customer.
    if (asked.flag("tax"))
        for (const auto& [name, value] :
            {std::pair{"automatic_tax[enabled]", "true"}, {"tax_id_collection[enabled]", "true"},
                {"customer_update[address]", "auto"}, {"customer_update[name]", "auto"}})
            given.emplace_back(name, value);
    const auto got = co_await stripe.post("checkout/sessions", std::move(given), asked.id + "/checkout");
    co_return got.error ? failed(got) : redirect(asked, got.root());
}

awaitable<conclusion> portal(const ask& asked, const stripe::client& stripe) {
    const auto got = co_await stripe.post("billing_portal/sessions",
        {{"customer", asked.customer}, {"return_url", asked.parameter("return_url")}}, asked.id + "/portal");
    co_return got.error ? failed(got) : redirect(asked, got.root());
}

awaitable<conclusion> subscribe(const ask& asked, const stripe::client& stripe) {
    parameters given{{"customer", asked.customer}, {"items[0][price]", asked.parameter("price")},
        {"payment_behavior", "default_incomplete"},
        {"payment_settings[save_default_payment_method]", "on_subscription"},
        {"expand[0]", "latest_invoice.confirmation_secret"}, {"expand[1]", "pending_setup_intent"}};
    add_metadata(given, asked, "metadata");
    add_number(given, "trial_period_days", asked.parameters["trial_days"]);
    if (asked.flag("tax")) given.emplace_back("automatic_tax[enabled]", "true");
    const auto got = co_await stripe.post("subscriptions", std::move(given), asked.id + "/subscribe");
    co_return got.error ? failed(got) : done_with(asked.customer, got.root(), client_secret_of(got.root()));
}

awaitable<conclusion> pay_once(const ask& asked, const stripe::client& stripe) {
    const auto currency = asked.parameter("currency");
    parameters given{{"amount", asked.parameters["amount"].text()}, {"currency", currency},
        {"customer", asked.customer}, {"metadata[user_id]", asked.user}, {"metadata[plan]", asked.parameter("plan")},
        {"payment_method_types[0]", "card"}};
    // The others are for euros only.
    if (currency == "eur") {
        int next = 1;
        for (const auto* method : {"sepa_debit", "ideal", "bancontact"})
            given.emplace_back("payment_method_types[" + std::to_string(next++) + "]", method);
    }
    const auto got = co_await stripe.post("payment_intents", std::move(given), asked.id + "/pay");
    if (got.error) co_return failed(got);
    json::object result;
    result.add("payment_intent_id", stripe::id_of(got.root()["id"]))
        .add("client_secret", got.root()["client_secret"].string())
        .add("status", got.root()["status"].string());
    auto out = done(asked.customer, result);
    out.payment = stripe::id_of(got.root()["id"]);
    co_return out;
}

// The provider deletes the customer's data and ends the subscriptions at once.
awaitable<conclusion> forget(const ask& asked, const stripe::client& stripe) {
    const auto got = co_await stripe.remove("customers/" + asked.customer, {});
    if (got.error && got.error != stripe::errc::missing) co_return failed(got);
    co_return conclusion{};
}

// The kinds of VAT ids, by their first letters; the others are those of the European Union.
std::string_view kind_of_vat(std::string_view id) {
    if (id.starts_with("GB")) return "gb_vat";
    if (id.starts_with("CHE")) return "ch_vat";
    return id.starts_with("NO") ? "no_vat" : "eu_vat";
}

// Makes `wanted` the customer's only VAT id; none when it is empty.
awaitable<stripe::answer> set_vat_id(const ask& asked, std::string wanted, const stripe::client& stripe) {
    const auto path = "customers/" + asked.customer + "/tax_ids";
    const auto got = co_await stripe.get(path + "?limit=100");
    if (got.error) co_return stripe::answer{got.error, {}};
    std::vector<std::string> others;
    bool known = wanted.empty();
    got.root()["data"].each([&](json::value each) {
        if (each["value"].string() == wanted)
            known = true;
        else
            others.push_back(stripe::id_of(each["id"]));
    });
    if (!known) {
        auto added = co_await stripe.post(
            path, {{"type", std::string(kind_of_vat(wanted))}, {"value", wanted}}, asked.id + "/vat");
        if (added.error) co_return added;
    }
    for (const auto& each : others)
        if (auto gone = co_await stripe.remove(path + "/" + each, {}); gone.error) co_return gone;
    co_return stripe::answer{};
}

// Where and as whom the customer is taxed.
awaitable<conclusion> set_details(const ask& asked, const stripe::client& stripe) {
    parameters given;
    if (const auto name = asked.parameter("name"); !name.empty()) given.emplace_back("name", name);
    asked.parameters["address"].members([&](std::string_view part, json::value value) {
        given.emplace_back("address[" + std::string(part) + "]", value.string().value_or(""));
    });
    if (!given.empty()) {
        const auto got = co_await stripe.post("customers/" + asked.customer, std::move(given), asked.id + "/details");
        if (got.error) co_return failed(got);
    }
    if (const auto vat = asked.parameters["vat_id"].string()) {
        const auto got = co_await set_vat_id(asked, std::string(*vat), stripe);
        if (got.error == stripe::errc::rejected) co_return refused(422, "VAT_ID_INVALID", "this is not a VAT id");
        if (got.error) co_return failed(got);
    }
    json::object result;
    co_return done(asked.customer, result);
}

// The user's customer, made with the first request. Its key is the user's, so that two requests make one.
awaitable<conclusion> find_customer(ask& asked, const stripe::client& stripe) {
    if (!asked.customer.empty()) co_return conclusion{};
    parameters given{{"email", asked.email}, {"metadata[user_id]", asked.user}};
    if (!asked.name.empty()) given.emplace_back("name", asked.name);
    if (!asked.locale.empty()) given.emplace_back("preferred_locales[0]", asked.locale);
    const auto got = co_await stripe.post("customers", std::move(given), "customer/" + asked.user);
    if (got.error) co_return failed(got);
    asked.customer = stripe::id_of(got.root()["id"]);
    co_return conclusion{};
}

}  // namespace

void add_number(parameters& to, std::string name, json::value number) {
    if (number.integer()) to.emplace_back(std::move(name), number.text());
}

awaitable<conclusion> carry_out(ask asked, const stripe::client& stripe) {
    if (const auto step = step_of(asked.kind)) {
        const auto subscription = co_await stripe.get("subscriptions/" + asked.parameter("subscription"));
        if (subscription.error) co_return failed(subscription);
        co_return co_await step(asked, subscription.root(), stripe);
    }
    if (asked.kind == "forget") co_return co_await forget(asked, stripe);
    if (asked.kind == "refund") co_return co_await refund(asked, stripe);
    auto found = co_await find_customer(asked, stripe);
    if (!found.ok()) co_return found;
    if (asked.kind == "checkout") co_return co_await checkout(asked, stripe);
    if (asked.kind == "details") co_return co_await set_details(asked, stripe);
    if (asked.kind == "portal") co_return co_await portal(asked, stripe);
    if (asked.kind == "subscribe") co_return co_await subscribe(asked, stripe);
    if (asked.kind == "payment") co_return co_await pay_once(asked, stripe);
    co_return refused(500, "INTERNAL", "an unknown request");
}

}  // namespace airi::workers::payments
