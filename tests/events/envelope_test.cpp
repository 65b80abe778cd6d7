#include "events/envelope.hpp"

#include <doctest/doctest.h>

#include <map>

#include "events/moderation.hpp"
#include "events/sample.hpp"
#include "tests/support/cpp/sample_events.hpp"
#include "tests/support/cpp/sample_usage.hpp"

using namespace airi;
using namespace airi::test;

namespace {

const event_id given = event_id::of(uuid{}, "x");
constexpr std::string_view trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::map<std::string, std::string> headers_of(const events::outgoing& out) {
    std::map<std::string, std::string> all;
    for (const auto& [name, value] : out.headers) CHECK(all.emplace(name, value).second);
    return all;
}

}  // namespace

TEST_CASE("an event's envelope is a CloudEvent in Kafka's binary mode") {
    const auto out = events::envelope(requested(), {given, "/airi/gateway", some_time, trace});
    const auto headers = headers_of(out);
    CHECK(headers.at("ce_id") == given.text());
    CHECK(headers.at("ce_source") == "/airi/gateway");
    CHECK(headers.at("ce_specversion") == "1.0");
    CHECK(headers.at("ce_type") == "chat.requested.v1");
    CHECK(headers.at("ce_time") == "2026-09-21T14:13:20.123456Z");
    CHECK(headers.at("content-type") == "application/json");
    CHECK(headers.at("traceparent") == trace);
    CHECK(out.value == events::encode(requested()));
}

TEST_CASE("the trace and the request's id are headers if they are set") {
    const auto without = headers_of(events::envelope(used(), {given, "/x", some_time, {}}));
    CHECK_FALSE(without.contains("traceparent"));
    CHECK_FALSE(without.contains("x-request-id"));
    CHECK(headers_of(events::envelope(used(), {given, "/x", some_time, trace, "r-1"})).at("x-request-id") == "r-1");
}

TEST_CASE("events that must stay in order share a key: chat by conversation, the others by user") {
    const events::origin from{given, "/x", some_time, {}};
    const auto decided = events::sample<events::moderation_decided>();
    CHECK(events::envelope(requested(), from).key == requested().conversation.text());
    CHECK(events::envelope(screened(), from).key == requested().conversation.text());
    CHECK(events::envelope(finished_chat(), from).key == requested().conversation.text());
    CHECK(events::envelope(decided, from).key == decided.user.text());
    CHECK(events::envelope(used(), from).key == requested().user.text());
}
