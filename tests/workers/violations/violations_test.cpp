#include "workers/violations/violations.hpp"

#include <doctest/doctest.h>

#include "events/email.hpp"
#include "events/frames/frame.hpp"
#include "events/notifications.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/fake_database.hpp"

using namespace airi;
using namespace airi::workers;

namespace {

struct fixture {
    test::fake_database database;
    seal::key links = seal::key::of(secret(std::string(32, 'l')), "links");
    seal::key appeals = seal::key::of(secret(std::string(32, 'l')), "appeals");
    violations::ports ports{database, links, appeals, "https://airi.example/appeal"};
    violations::recipient to{"ada@example.com", "de", "Ada", {"s1", "k1"}};
    events::violation_recorded event;

    explicit fixture(std::string action) {
        event.id = violation_id::fresh();
        event.user = user_id::fresh();
        event.action = std::move(action);
        event.category = "hate";
        event.until = "2026-12-01T10:00:00+00:00";
        event.recorded_at = parse_instant("2026-11-28T10:00:00Z").value();
    }
    after_commit informed() { return violations::inform(event, to, ports, ""); }
};

}  // namespace

TEST_CASE("a warned user gets a notice in the app, and keeps the sessions") {
    fixture f("warning");
    const auto got = f.informed();
    REQUIRE(got.events.size() == 1);
    const auto notice = events::decode<events::notification_requested>(got.events[0].value);
    REQUIRE(notice.has_value());
    CHECK(notice->kind == "violation_warning");
    CHECK(notice->metadata.text == R"({"violation_id":")" + f.event.id.text() + "\"}");
    CHECK(got.announcements.empty());
}

TEST_CASE("a suspended user gets a mail with a sealed link, and gateways forget the account, sessions and keys") {
    fixture f("suspension");
    const auto got = f.informed();
    REQUIRE(got.events.size() == 1);
    const auto mail = events::decode<events::email_requested>(got.events[0].value);
    REQUIRE(mail.has_value());
    CHECK(mail->kind == "account_suspended");
    CHECK(mail->to == "ada@example.com");
    CHECK(mail->locale == "de");
    CHECK(test::contains(mail->variables.text, "2026-12-01"));
    const auto id = event_id::of(f.event.id.value, "mail");
    const auto link = seal::open(f.links, mail->link, events::place_of_link(id.text()));
    REQUIRE(link.has_value());
    CHECK(*link == "https://airi.example/appeal#" + violations::token_of(f.event.id, f.appeals));
    std::vector<std::string> told;
    for (const auto& one : got.announcements) told.push_back(one.channel + " " + one.frame);
    CHECK(told == std::vector<std::string>{"accounts " + f.event.user.text(), "sessions s1", "sessions k1"});
}

TEST_CASE("a ban has a mail of its own, without an end") {
    fixture f("ban");
    f.event.until.clear();
    const auto got = f.informed();
    const auto mail = events::decode<events::email_requested>(got.events.at(0).value);
    REQUIRE(mail.has_value());
    CHECK(mail->kind == "account_banned");
    CHECK_FALSE(test::contains(mail->variables.text, "until"));
}

TEST_CASE("the token of a violation is the same each time, and nobody has it without the key") {
    const fixture one("ban"), other("ban");
    CHECK(violations::token_of(one.event.id, one.appeals) == violations::token_of(one.event.id, other.appeals));
    CHECK(violations::token_of(one.event.id, one.appeals) != violations::token_of(other.event.id, one.appeals));
    CHECK(violations::token_of(one.event.id, one.appeals) != violations::token_of(one.event.id, one.links));
}
