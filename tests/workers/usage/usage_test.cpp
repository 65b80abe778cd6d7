#include "workers/usage/usage.hpp"

#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"
#include "tests/support/cpp/sample_usage.hpp"
#include "workers/runtime/delivery.hpp"
#include "workers/runtime/errors.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;

namespace {

kafka::message carrying(const events::usage_recorded& event, std::int64_t offset = 0) {
    const auto id = event_id::of(event.reference.value, "usage");
    return {
        "usage.recorded.v1", 2, offset, some_time, event.user.text(), events::encode(event), {{"ce_id", id.text()}}};
}

json::document rows_of(const effects& out) {
    REQUIRE(out.statements.size() == 1);
    CHECK(out.statements[0].statement->name == "usage.record");
    auto parsed = json::document::parse(parameter(out.statements[0], "events"));
    REQUIRE(parsed);
    return std::move(*parsed);
}

}  // namespace

TEST_CASE("a batch of usage becomes one statement with a row per event") {
    std::vector<kafka::message> batch{carrying(used("a"), 0), carrying(used("b"), 1), carrying(used("c"), 2)};
    const auto out = usage::count(batch);
    REQUIRE(out);
    const auto parsed = rows_of(*out);
    std::vector<std::string> ids;
    parsed.root().each([&](json::value row) { ids.emplace_back(row["event_id"].string().value()); });
    CHECK(ids == std::vector<std::string>{
                     record{batch[0]}.id().text(), record{batch[1]}.id().text(), record{batch[2]}.id().text()});
    bool first = true;
    parsed.root().each([&](json::value row) {
        if (!std::exchange(first, false)) return;
        CHECK(row["user_id"].string() == used().user.text());
        CHECK(row["resource"].string() == "messages");
        CHECK(row["quantity"].integer() == 1);
        CHECK(row["tokens_in"].integer() == 12);
        CHECK(row["tokens_out"].integer() == 34);
        CHECK(row["cost_nanousd"].integer() == 5600);
        CHECK(row["outcome"].string() == "completed");
        CHECK(row["reference"].string() == used("a").reference.text());
        CHECK(row["occurred_at"].string() == to_text(some_time));
    });
}

TEST_CASE("a redelivered event gives the same row, so that it counts once") {
    const std::vector<kafka::message> once{carrying(used(), 5)}, again{carrying(used(), 99)};
    CHECK(parameter(usage::count(once)->statements[0], "events") ==
          parameter(usage::count(again)->statements[0], "events"));
}

TEST_CASE("one record that is not a usage event refuses the whole batch") {
    std::vector<kafka::message> batch{carrying(used("a")), carrying(used("b"))};
    batch[1].value = "{}";
    const auto out = usage::count(batch);
    REQUIRE_FALSE(out);
    CHECK(out.error() == failure::refused);
    auto negative = used();
    negative.cost_nanousd = -1;
    CHECK(usage::count(std::vector<kafka::message>{carrying(negative)}).error() == failure::refused);
}

TEST_CASE("today's sums are sent to the users of the batch") {
    const auto out = usage::count(std::vector<kafka::message>{carrying(used())});
    REQUIRE(out);
    const auto user = used().user;
    const auto sums =
        "[" +
        json::object().add("user_id", user.text()).add("resource", "messages").add("used", 12).add("limit", 50).text() +
        "]";
    const auto then = out->after_from_rows({cell(sums)});
    REQUIRE(then.announcements.size() == 1);
    CHECK(then.announcements[0].channel == "user:" + user.text());
    const auto frame = json::document::parse(then.announcements[0].frame);
    REQUIRE(frame);
    CHECK(frame->root()["type"].string() == "usage_updated");
    CHECK(frame->root()["data"]["resource_type"].string() == "messages");
    CHECK(frame->root()["data"]["current_usage"].integer() == 12);
    CHECK(frame->root()["data"]["limit"].integer() == 50);
    CHECK(then.events.empty());
}

TEST_CASE("sums that cannot be parsed are sent to no user") {
    const auto out = usage::count(std::vector<kafka::message>{carrying(used())});
    for (const auto& text : {"[]", "null", "", "[{}]", "[{\"user_id\":\"x\"}]", "{"})
        CHECK(out->after_from_rows({cell(text)}).announcements.empty());
    CHECK(out->after_from_rows({postgres::rows{}}).announcements.empty());
    CHECK(out->after_from_rows({}).announcements.empty());
}

TEST_CASE("the usage worker keeps its topic and group") {
    const auto worker = usage::declare();
    CHECK(worker.name == "usage");
    CHECK(worker.topic == "usage.recorded.v1");
    CHECK_FALSE(worker.retry.keep_order);
    CHECK(worker.handle_batch);
}

TEST_CASE("SAAS-47: usage is counted in five attempts with a fixed pause, then it is a dead letter") {
    const auto worker = usage::declare();
    const error_code failure = errc::threw;
    int made = 0;
    for (;; ++made) {
        const auto next = delivery(worker.retry, made).after(failure);
        if (std::holds_alternative<to_dead_letters>(next)) break;
        CHECK(std::get<to_retry_topic>(next).after == milliseconds{1'000});
    }
    CHECK(made + 1 == 5);
}
