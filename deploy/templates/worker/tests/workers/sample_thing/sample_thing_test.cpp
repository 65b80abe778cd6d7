#include "workers/sample_thing/sample_thing.hpp"

#include "events/sample.hpp"
#include "platform/base/json.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;

namespace {

result<effects> handled(std::string value) {
    loop io;
    const kafka::message message{
        std::string(events::sample_thing_requested::topic), 0, 1, {}, "key", std::move(value), {}};
    return io.run(sample_thing::declare().handle(record{message}));
}

}  // namespace

TEST_CASE("the sample thing worker sends a frame to the user's sockets") {
    const auto event = events::sample<events::sample_thing_requested>();
    const auto out = handled(events::encode(event));
    REQUIRE(out);
    CHECK(out->statements.empty());
    REQUIRE(out->after.announcements.size() == 1);
    CHECK(out->after.announcements[0].channel == "user:" + event.user.text());
    const auto frame = json::document::parse(out->after.announcements[0].frame);
    REQUIRE(frame);
    CHECK(frame->root()["type"].string() == "notification_new");
    CHECK(frame->root()["data"]["kind"].string() == "sample_thing_done");
}

TEST_CASE("the sample thing worker refuses a record that is not its event") {
    const auto out = handled("{}");
    REQUIRE_FALSE(out);
    CHECK(out.error() == failure::refused);
}
