// The effects of a batch of usage events, on each product.
#include <doctest/doctest.h>

#include <map>

#include "platform/base/json.hpp"
#include "sql/statements.hpp"
#include "tests/sql/product_databases.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::tests;

namespace {

const postgres::prepared join{"usage.join",
    "insert into users (id, email, plan) select $1::uuid, $1::text, id from plans where is_default", {"id"}};
const postgres::prepared unlimited{"usage.unlimited",
    "insert into plan_limits select id, 'pictures', 'month', 7 from plans where is_default on conflict do nothing", {}};
const postgres::prepared limited_no_more{
    "usage.limited_no_more", "delete from plan_limits where resource = 'pictures'", {}};
const postgres::prepared counted{
    "usage.counted", "select count(*) from usage_daily where user_id = $1::uuid", {"user"}};

std::string event(const user_id& user, std::string_view resource, std::int64_t quantity) {
    return json::object()
        .add("event_id", uuid::v7().text())
        .add("user_id", user.text())
        .add("resource", resource)
        .add("quantity", quantity)
        .add("provider", "openai")
        .add("model", "m")
        .add("tokens_in", 1)
        .add("tokens_out", 1)
        .add("cost_nanousd", 1)
        .add("outcome", "completed")
        .add("reference", std::optional<std::string>{})
        .add("occurred_at", to_text(now()))
        .text();
}

}  // namespace

TEST_CASE("SAAS-27: usage_updated is for the resources that the user's plan names, never for internal ones") {
    for (const auto& product : documented_profiles) {
        CAPTURE(product.profile);
        const auto user = user_id::fresh();
        databases().row(product.profile, join, {user.text()});
        databases().row(product.profile, unlimited);
        json::array batch;
        for (const auto* resource : {"messages", "titles", "summaries", "moderation", "voice_seconds", "pictures"})
            batch.add_raw(event(user, resource, 3));
        const auto rows =
            databases().lines(product.profile, sql::bind("usage.record", {{"events", batch.text()}}), as_worker);
        databases().row(product.profile, limited_no_more);
        const auto sums = json::document::parse(rows);
        REQUIRE(sums);
        std::map<std::string, std::string> found;
        sums->root().each([&](json::value sum) {
            CHECK(sum["user_id"].string() == user.text());
            // No message was accepted: what counts against a quota is not what was recorded.
            const bool by_quota = sum["resource"].string() == "messages" && sum["limit"].integer().value_or(-1) >= 0;
            CHECK(sum["used"].integer() == (by_quota ? 0 : 3));
            found.emplace(sum["resource"].string().value_or(""), sum["limit"].text());
        });
        CHECK(found.size() == 3);
        CHECK(found.contains("voice_seconds"));
        CHECK(found["pictures"] == "null");  // no limit a day
        CHECK(found["messages"] != "null");
        CHECK(databases().row(product.profile, counted, {user.text()}) == "6");
    }
}
