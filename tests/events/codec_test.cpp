#include "events/codec.hpp"

#include <fmt/format.h>

#include <vector>

#include "tests/events/every_event.hpp"
#include "tests/support/cpp/captured_log.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"
#include "tests/support/cpp/sample_usage.hpp"

using namespace airi;
using namespace airi::test;

namespace {

template <class Event>
bool same(const Event& a, const Event& b) {
    return std::apply([&](const auto&... f) { return ((a.*(f.member) == b.*(f.member)) && ...); }, Event::fields);
}

// The event's JSON with one member replaced by `json`, or left out if that is empty.
template <class Event>
std::string with(const Event& event, std::string_view name, std::string_view json) {
    const auto parsed = json::document::parse(events::encode(event));
    json::object out;
    parsed->root().members([&](std::string_view member, json::value is) {
        if (member != name)
            out.add_raw(member, is.text());
        else if (!json.empty())
            out.add_raw(member, json);
    });
    return out.text();
}

template <class Event>
error_code fault_of(const std::string& text) {
    const auto read = events::decode<Event>(text);
    return read ? error_code{} : read.error();
}

// The fields that do not take any JSON, each with whether it takes null.
template <class Event>
std::vector<std::pair<std::string, bool>> typed_fields() {
    std::vector<std::pair<std::string, bool>> out;
    const auto add = [&](const auto& field) {
        using value = std::remove_cvref_t<decltype(std::declval<Event>().*(field.member))>;
        if constexpr (!std::is_same_v<value, events::json_text>) out.emplace_back(field.name, field.rules.nullable);
    };
    std::apply([&](const auto&... f) { (add(f), ...); }, Event::fields);
    return out;
}

}  // namespace

TEST_CASE("every event decodes to what was encoded") {
    for_each_event([](const auto& event) {
        using type = std::remove_cvref_t<decltype(event)>;
        CAPTURE(type::topic);
        const auto again = events::decode<type>(events::encode(event));
        REQUIRE(again);
        CHECK(same(*again, event));
        CHECK(events::encode(*again) == events::encode(event));
    });
}

TEST_CASE("an event without a required field is rejected, and the log names the field") {
    for_each_event([](const auto& event) {
        using type = std::remove_cvref_t<decltype(event)>;
        std::apply(
            [&](const auto&... f) {
                const auto one = [&](const auto& field) {
                    CAPTURE(field.name);
                    captured_log log;
                    const auto fault = fault_of<type>(with(event, field.name, ""));
                    if (!field.rules.required) {
                        CHECK_FALSE(fault);
                        return;
                    }
                    CHECK(fault == events::errc::missing_field);
                    CHECK(contains(log.lines(), fmt::format("\"topic\":\"{}\"", type::topic)));
                    CHECK(contains(log.lines(), fmt::format("\"field\":\"{}\"", field.name)));
                };
                (one(f), ...);
            },
            type::fields);
    });
}

TEST_CASE("a field of the wrong type is rejected") {
    for_each_event([](const auto& event) {
        using type = std::remove_cvref_t<decltype(event)>;
        for (const auto& [name, nullable] : typed_fields<type>()) {
            CAPTURE(name);
            const auto null = fault_of<type>(with(event, name, "null"));
            CHECK(null == (nullable ? error_code{} : make_error_code(events::errc::wrong_type)));
            CHECK(fault_of<type>(with(event, name, "[]")) == events::errc::wrong_type);
            CHECK(fault_of<type>(with(event, name, "{\"a\":1}")) == events::errc::wrong_type);
        }
    });
    CHECK(fault_of<events::usage_recorded>(with(used(), "quantity", "\"1\"")) == events::errc::wrong_type);
    CHECK(fault_of<events::usage_recorded>(with(used(), "quantity", "1.5")) == events::errc::wrong_type);
    CHECK(fault_of<events::usage_recorded>(with(used(), "occurred_at", "\"yesterday\"")) == events::errc::wrong_type);
    CHECK(fault_of<events::usage_recorded>(with(used(), "user_id", "\"42\"")) == events::errc::wrong_type);
    CHECK(fault_of<events::chat_requested>(with(requested(), "listed", "\"true\"")) == events::errc::wrong_type);
}

TEST_CASE("a field beyond its limit is rejected, one at its limit is accepted") {
    auto event = requested();
    event.content = std::string(180'000, 'x');
    CHECK_FALSE(fault_of<events::chat_requested>(events::encode(event)));
    event.content += 'x';
    CHECK(fault_of<events::chat_requested>(events::encode(event)) == events::errc::out_of_bounds);
    event = requested();
    event.client_message_id.clear();
    for (int i = 0; i < 100; ++i) event.client_message_id += "\U0001F600";  // characters, not bytes
    CHECK_FALSE(fault_of<events::chat_requested>(events::encode(event)));
    event.client_message_id += 'x';
    CHECK(fault_of<events::chat_requested>(events::encode(event)) == events::errc::out_of_bounds);
    event = requested();
    event.parameters = {"{\"a\":\"" + std::string(700 * 1024, 'x') + "\"}"};
    CHECK(fault_of<events::chat_requested>(events::encode(event)) == events::errc::out_of_bounds);
    auto usage = used();
    usage.tokens_in = 0;
    CHECK_FALSE(fault_of<events::usage_recorded>(events::encode(usage)));
    usage.tokens_in = -1;
    CHECK(fault_of<events::usage_recorded>(events::encode(usage)) == events::errc::out_of_bounds);
}

TEST_CASE("unknown fields are ignored") {
    for_each_event([](const auto& event) {
        using type = std::remove_cvref_t<decltype(event)>;
        auto text = events::encode(event);
        text.insert(1, R"("added_later":{"deep":[1,2,{"x":null}]},"another":"v",)");
        const auto read = events::decode<type>(text);
        REQUIRE(read);
        CHECK(same(*read, event));
    });
}

TEST_CASE("text that is not a JSON object is rejected") {
    for (const std::string_view text : {"", "null", "[]", "1", "\"x\"", "{", "{}x", "not json", "\xff"}) {
        CAPTURE(text);
        CHECK(fault_of<events::chat_screened>(std::string(text)) == events::errc::not_json);
    }
    CHECK(fault_of<events::chat_screened>("{}") == events::errc::missing_field);
    CHECK(make_error_code(events::errc::not_json) == failure::refused);
}

TEST_CASE("JSON text is carried unchanged, and an empty one is null") {
    auto event = requested();
    event.parameters = {R"({"turns":[{"role":"user","content":"a\"b"}],"temperature":0.5})"};
    CHECK(events::decode<events::chat_requested>(events::encode(event))->parameters == event.parameters);
    event.parameters = {};
    const auto text = events::encode(event);
    CHECK(contains(text, R"("parameters":null)"));
    CHECK(events::decode<events::chat_requested>(text)->parameters.text.empty());
}

TEST_CASE("the log of an undecodable event holds none of its content") {
    captured_log log;
    CHECK(fault_of<events::chat_requested>(with(requested("m", "my deepest secret"), "listed", "3")) ==
          events::errc::wrong_type);
    CHECK(contains(log.lines(), "listed"));
    CHECK_FALSE(contains(log.lines(), "deepest"));
}
