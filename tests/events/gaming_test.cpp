// The wake-up of a session's worker, and the frame of a session's change.
#include "events/gaming.hpp"

#include <doctest/doctest.h>

#include "events/frames/frame.hpp"
#include "events/frames/gaming.hpp"

using namespace airi;

TEST_CASE("the wake-up of a session is read back from what Redis carries, and rubbish is not") {
    const events::gaming_wake wake{gaming_session_id::fresh(), "command"};
    const auto payload = events::publish_payload(wake.text(), std::nullopt);
    const auto carried = events::read_payload(payload);
    REQUIRE(carried);
    const auto read = events::gaming_wake::read(carried->frame);
    REQUIRE(read);
    CHECK(read->session == wake.session);
    CHECK(read->what == "command");
    for (const auto* wrong : {"", " ", "command", "no-id command"}) CHECK(!events::gaming_wake::read(wrong));
    CHECK(!events::gaming_wake::read(wake.session.text()));
}

TEST_CASE("a session becomes the frame of its change, without details once it has ended") {
    const auto user = user_id::fresh();
    const auto frame_of = [&](std::string_view details) {
        const auto text = json::object()
                              .add("id", "s")
                              .add("user_id", user.text())
                              .add("game", "minecraft")
                              .add("status", "active")
                              .add_raw("connection_details", details)
                              .text();
        return events::frames::gaming_status_changed::of(json::document::parse(text)->root());
    };
    const auto active = frame_of(R"({"port":25565})");
    REQUIRE(active);
    CHECK(active->user == user);
    CHECK(active->session == "s");
    CHECK(active->server_details.text == R"({"port":25565})");
    REQUIRE(frame_of("null"));
    CHECK(frame_of("null")->server_details.text.empty());
    CHECK(!events::frames::gaming_status_changed::of(json::document::parse(R"({"status":"active"})")->root()));
}
