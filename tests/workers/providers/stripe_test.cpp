#include "workers/providers/payments/stripe.hpp"

#include <doctest/doctest.h>

using namespace airi;
namespace stripe = airi::workers::providers::stripe;

namespace {

json::document parsed(std::string_view text) {
    auto out = json::document::parse(text);
    REQUIRE(out.has_value());
    return std::move(*out);
}

constexpr std::string_view price =
    R"("price":{"id":"price_plus","unit_amount":1499,"currency":"usd","recurring":{"interval":"month"}})";

std::string subscription(std::string_view members, std::string_view item) {
    return R"({"id":"sub_1","object":"subscription","customer":"cus_1","status":"active","currency":"usd",)"
           R"("created":10,"metadata":{"user_id":"u"},)" +
           std::string(members) + R"("items":{"data":[{"id":"si_1","quantity":2,)" + std::string(price) +
           std::string(item) + "}]}}";
}

}  // namespace

TEST_CASE("a subscription is the same in the API's versions before and since 2025-03-31.basil") {
    const auto before = parsed(subscription(R"("current_period_start":100,"current_period_end":200,)", ""));
    const auto since = parsed(subscription("", R"(,"current_period_start":100,"current_period_end":200)"));
    CHECK(stripe::subscription_of(before.root()) == stripe::subscription_of(since.root()));
    const auto own = parsed(stripe::subscription_of(since.root()));
    CHECK(own.root()["amount"].integer() == 2998);
    CHECK(own.root()["period_end"].integer() == 200);
    CHECK(own.root()["price"].string() == "price_plus");
    CHECK(own.root()["user"].string() == "u");
    CHECK(own.root()["cancel_at"].is_null());
}

TEST_CASE("a cancellation at the end of the period has one meaning in both spellings") {
    const auto classic =
        parsed(subscription(R"("cancel_at_period_end":true,"cancel_at":null,)", R"(,"current_period_end":200)"));
    const auto flexible =
        parsed(subscription(R"("cancel_at_period_end":false,"cancel_at":200,)", R"(,"current_period_end":200)"));
    for (const auto* each : {&classic, &flexible})
        CHECK(parsed(stripe::subscription_of(each->root())).root()["cancel_at"].integer() == 200);
}

TEST_CASE("the period of several items is from the first start to the last end") {
    const auto two = parsed(R"({"id":"sub_1","items":{"data":[{"current_period_start":5,"current_period_end":9},)"
                            R"({"current_period_start":3,"current_period_end":7}]}})");
    const auto own = parsed(stripe::subscription_of(two.root()));
    CHECK(own.root()["period_start"].integer() == 3);
    CHECK(own.root()["period_end"].integer() == 9);
}

TEST_CASE("an invoice names its subscription in either place, and its taxes are added up") {
    const auto before = parsed(R"({"id":"in_1","subscription":"sub_1","tax":19})");
    const auto since = parsed(R"({"id":"in_1","parent":{"subscription_details":{"subscription":"sub_1"}},)"
                              R"("total_taxes":[{"amount":12},{"amount":7}]})");
    CHECK(stripe::invoice_of(before.root()) == stripe::invoice_of(since.root()));
    const auto none = parsed(R"({"id":"in_2","parent":null})");
    CHECK(parsed(stripe::invoice_of(none.root())).root()["subscription"].is_null());
}

TEST_CASE("a payment is pending until it has succeeded, failed, or was refunded whole") {
    const auto state = [](std::string_view members) {
        const auto intent = parsed("{\"id\":\"pi_1\"," + std::string(members) + "}");
        return std::string(parsed(stripe::payment_of(intent.root(), {})).root()["status"].string().value_or(""));
    };
    CHECK(state(R"("status":"requires_payment_method","last_payment_error":null)") == "PENDING");
    CHECK(state(R"("status":"requires_payment_method","last_payment_error":{"code":"card_declined"})") == "FAILED");
    CHECK(state(R"("status":"requires_action")") == "PENDING");
    CHECK(state(R"("status":"processing")") == "PENDING");
    CHECK(state(R"("status":"canceled")") == "FAILED");
    CHECK(state(R"("status":"succeeded","latest_charge":{"refunded":false,"amount_refunded":5})") == "COMPLETED");
    CHECK(state(R"("status":"succeeded","latest_charge":{"refunded":true,"amount_refunded":9})") == "REFUNDED");
}

TEST_CASE("a payment is disputed until its dispute is won") {
    const auto intent = parsed(R"({"id":"pi_1","status":"succeeded"})");
    const auto disputed = [&](std::string_view disputes) {
        const auto list = parsed("{\"data\":[" + std::string(disputes) + "]}");
        return parsed(stripe::payment_of(intent.root(), list.root())).root()["disputed"].boolean();
    };
    CHECK(disputed("") == false);
    CHECK(disputed(R"({"status":"needs_response"})") == true);
    CHECK(disputed(R"({"status":"lost"},{"status":"won"})") == true);
    CHECK(disputed(R"({"status":"won"},{"status":"lost"})") == false);
    CHECK(disputed(R"({"status":"warning_closed"})") == false);
}

TEST_CASE("an event says which objects have changed") {
    const auto read = [](std::string_view object) {
        return stripe::read_event(R"({"id":"evt_1","object":"event","type":"t","livemode":true,"data":{"object":)" +
                                  std::string(object) + "}}");
    };
    const auto session = read(R"({"id":"cs_1","object":"checkout.session","customer":"cus_1"})");
    REQUIRE(session.has_value());
    CHECK(session->session == "cs_1");
    CHECK(session->customer == "cus_1");
    CHECK(session->live);
    CHECK(read(R"({"id":"re_1","object":"refund","payment_intent":"pi_1"})")->payment == "pi_1");
    CHECK(read(R"({"id":"dp_1","object":"dispute","payment_intent":{"id":"pi_2"}})")->payment == "pi_2");
    CHECK(read(R"({"object":"invoice","customer":{"id":"cus_2"}})")->customer == "cus_2");
    CHECK(read(R"({"object":"invoice"})")->invoice.empty());
    for (const auto* text : {"", "{}", "[]", R"({"object":"v2.core.event","id":"evt_1","type":"t"})",
             R"({"object":"event","type":"t"})", R"({"object":"event","id":"evt_1"})"})
        CHECK_FALSE(stripe::read_event(text));
}

TEST_CASE("an error of Stripe's has the meaning of its status") {
    const auto kind = [](unsigned status) { return failure_of(stripe::read_answer(status, "{}").error); };
    CHECK_FALSE(stripe::read_answer(200, "{}").error);
    CHECK(kind(429) == failure::outage);
    CHECK(kind(409) == failure::outage);
    CHECK(kind(500) == failure::outage);
    CHECK(kind(503) == failure::outage);
    CHECK(kind(401) == failure::misconfigured);
    CHECK(kind(402) == failure::refused);
    CHECK(kind(400) == failure::refused);
    CHECK(kind(404) == failure::missing);
    CHECK(failure_of(stripe::read_answer(200, "<html>").error) == failure::outage);
}

TEST_CASE("a key of another provider or an API without encryption is a mistake") {
    CHECK(stripe::mistake_of({}).empty());
    CHECK(stripe::mistake_of({"https://api.stripe.com", secret("sk_test_1")}).empty());
    CHECK(stripe::mistake_of({"http://127.0.0.1:1", secret("rk_live_1")}).empty());
    CHECK_FALSE(stripe::mistake_of({"https://api.stripe.com", secret("pk_test_1")}).empty());
    CHECK_FALSE(stripe::mistake_of({"http://api.stripe.com", secret("sk_test_1")}).empty());
    CHECK(stripe::account{"", secret("rk_live_1")}.live());
    CHECK_FALSE(stripe::account{"", secret("sk_test_1")}.live());
}

TEST_CASE("events of the API's versions that tests have are read, and later ones are not") {
    for (const auto* version : {"", "2024-06-20", "2024-12-18.acacia", "2025-03-31.basil", "2025-09-30.clover",
             "2026-03-25.dahlia", "2026-08-26.dahlia"})
        CHECK_MESSAGE(stripe::is_tested(version), version);
    for (const auto* version : {"2027-01-01.eucalyptus", "2027-01-01.", "2027-01-01.dahlia2"})
        CHECK_MESSAGE(!stripe::is_tested(version), version);
}
