#include "workers/operations/request.hpp"

#include <doctest/doctest.h>

#include "workers/operations/places.hpp"

using namespace airi;
using namespace airi::workers::operations;

namespace {

const instant present = parse_instant("2026-11-27T12:00:00Z").value();

command_line read(std::string_view kind, std::string_view parameters) {
    const auto text = json::document::parse(parameters);
    return read_request(kind, text->root(), present);
}

}  // namespace

TEST_CASE("a request is read as airi-ctl reads the same words") {
    const auto got = read("replay", R"({"topic":"chat.requested.v1","from":"2026-11-27T10:00:00Z",
        "to":"2026-11-27T11:30:00Z","key":"k","type":"t","where":[{"pointer":"/a","value":"1"}],
        "into":"usage.recorded.v1","rate":0.5,"dry_run":true})");
    CHECK(got.mistake == "");
    CHECK(got.command == command::replay);
    CHECK(got.order.range.topic == "chat.requested.v1");
    CHECK(got.order.range.from == present - std::chrono::hours{2});
    CHECK(got.order.range.to == present - std::chrono::minutes{30});
    CHECK(got.order.filter.key == "k");
    CHECK(got.order.filter.type == "t");
    REQUIRE(got.order.filter.where.size() == 1);
    CHECK(got.order.filter.where[0].pointer == "/a");
    CHECK(got.order.filter.where[0].value == "1");
    CHECK(got.order.into == "usage.recorded.v1");
    CHECK(got.order.rate == 0.5);
    CHECK(got.order.dry_run);
    CHECK_FALSE(got.order.decided.has_value());
}

TEST_CASE("a request about dead letters concerns those that wait, or those of the named decision") {
    const auto retried = read("retry_dead_letters", R"({"topic":"chat.requested.v1","error":"no JSON"})");
    CHECK(retried.mistake == "");
    CHECK(retried.order.range.topic == "chat.requested.v1-dlt");
    CHECK(retried.order.decided == decision::waiting);
    CHECK(retried.order.decides == decision::retried);
    CHECK(retried.order.filter.error == "no JSON");
    CHECK(read("drop_dead_letters", R"({"topic":"chat.requested.v1","decided":"parked"})").order.decided ==
          decision::parked);
    CHECK(read("show_dead_letters", R"({"limit":5})").limit == 5);
}

TEST_CASE("a request moves a group to the beginning, the end or a time") {
    const auto moved = [](std::string_view place) {
        return read("move_group", R"({"topic":"chat.requested.v1","group":"g","place":")" + std::string(place) + "\"}");
    };
    CHECK(moved("end").at == present);
    CHECK_FALSE(moved("beginning").at.has_value());
    CHECK(moved("2026-11-27T10:00:00Z").at == present - std::chrono::hours{2});
    CHECK(moved("soon").mistake == "\"soon\" is no place in a topic");
}

TEST_CASE("a request that cannot be carried out names its mistake") {
    CHECK(read("replay", R"({"topic":"a.v1"})").mistake == "no topic is named \"a.v1\"");
    CHECK(read("replay", R"({"topic":"chat.requested.v1","into":"b.v1"})").mistake == "no topic is named \"b.v1\"");
    CHECK(read("burn", "{}").mistake == "no operation is named \"burn\"");
    CHECK(read("retry_dead_letters", R"({"topic":"a.v1"})").mistake == "no topic with dead letters is named \"a.v1\"");
}

TEST_CASE("positions are read from the JSON that is written of them") {
    const kafka::positions places{{0, 17}, {11, 9'000'000'000}};
    const auto text = json::document::parse(positions_json(places));
    CHECK(read_positions(text->root()) == places);
    for (const auto* wrong : {R"({"x":1})", R"({"1":"2"})", R"({"1x":2})"}) {
        const auto other = json::document::parse(wrong);
        CHECK_FALSE(read_positions(other->root()).has_value());
    }
    CHECK_FALSE(read_positions({}).has_value());
}
