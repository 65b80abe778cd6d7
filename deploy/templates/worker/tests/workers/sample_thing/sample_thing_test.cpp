#include "workers/sample_thing/sample_thing.hpp"

#include "events/notifications.hpp"
#include "events/sample.hpp"
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

TEST_CASE("the sample thing worker requests a notice to the user, the same one each time") {
    const auto event = events::sample<events::sample_thing_requested>();
    const auto out = handled(events::encode(event)), again = handled(events::encode(event));
    REQUIRE(out);
    REQUIRE(again);
    CHECK(out->statements.empty());
    REQUIRE(out->after.events.size() == 1);
    CHECK(out->after.events[0].headers == again->after.events[0].headers);
    const auto notice = events::decode<events::notification_requested>(out->after.events[0].value);
    REQUIRE(notice);
    CHECK(notice->user == event.user);
    CHECK(notice->kind == "sample_thing_done");
    CHECK(notice->message == event.text);
}

TEST_CASE("the sample thing worker refuses a record that is not its event") {
    const auto out = handled("{}");
    REQUIRE_FALSE(out);
    CHECK(out.error() == failure::refused);
}
