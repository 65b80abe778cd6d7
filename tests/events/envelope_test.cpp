#include "events/envelope.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "events/topics.hpp"
#include "tests/support/cpp/sample_events.hpp"

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
    CHECK(events::envelope(requested(), from).key == requested().conversation.text());
    CHECK(events::envelope(screened(), from).key == requested().conversation.text());
    CHECK(events::envelope(sample<events::chat_finished>(), from).key == requested().conversation.text());
    CHECK(events::envelope(sample<events::moderation_decided>(), from).key == requested().user.text());
    CHECK(events::envelope(used(), from).key == requested().user.text());
}

TEST_CASE("every event has its released topic, a retry topic and a dead-letter topic") {
    const auto list = events::topics();
    const std::set<std::string> all(list.begin(), list.end());
    CHECK(all.size() == list.size());
    CHECK(list.size() == 3 * std::tuple_size_v<events::all>);
    for (const std::string topic :
        {"chat.requested.v1", "chat.screened.v1", "chat.finished.v1", "moderation.decided.v1", "usage.recorded.v1"}) {
        CAPTURE(topic);
        CHECK(all.contains(topic));
        CHECK(all.contains(topic + "-retry"));
        CHECK(all.contains(topic + "-dlt"));
    }
}
