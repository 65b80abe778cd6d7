// A route that changes a row and has an effect elsewhere stores both in one transaction, and needs Kafka for neither.
#include "events/exports.hpp"

#include "tests/gateway/gateway_fixture.hpp"

using namespace airi;
using namespace airi::test;

TEST_CASE("an export is requested in one transaction with its event, while Kafka is away, and the relay is woken") {
    gateway_fixture h;
    h.out.there = false;
    h.answer = [](const postgres::bound& asked) -> result<postgres::rows> {
        return asked.statement->name == "exports.request" ? cell(R"({"id":"x","state":"requested"})")
                                                          : postgres::rows{};
    };
    int transactions = 0;
    h.database.begin = [&] { ++transactions; };
    bool woken = false;
    h.subscriber.arrived = [&](std::string_view channel, std::string_view) { woken = woken || channel == "outbox"; };
    REQUIRE(h.io.run(h.subscriber.subscribe("outbox")));
    REQUIRE(h.ask(h.request(verb::get, "/api/v1/auth/session")).status == 200);  // the account is known from here on
    transactions = 0;
    const auto out = h.ask(h.request(verb::post, "/api/v1/users/export", "{}"));
    CHECK(out.status == 202);
    CHECK(transactions == 1);
    CHECK(h.out.sent.empty());
    const auto stored = h.database.all("exports.publish");
    REQUIRE(stored.size() == 1);
    CHECK(parameter(stored[0], "topic") == "export.requested.v1");
    CHECK(parameter(stored[0], "key") == h.user.text());
    CHECK(parameter(stored[0], "request_id") == "r-1");
    const auto event = events::decode<events::export_requested>(parameter(stored[0], "value"));
    REQUIRE(event);
    CHECK(event->user == h.user);
    CHECK(event->id.text() == parameter(stored[0], "id"));
    CHECK(event->link == h.options.public_url + "/#/account");
    CHECK(event->id.text() == parameter(h.database.all("exports.request")[0], "id"));
    CHECK(h.io.until([&] { return woken; }));
}
