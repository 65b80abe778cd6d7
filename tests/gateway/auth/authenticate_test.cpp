// Requests that are counted against their address before a server is asked for their sender.
#include "gateway/auth/authenticate.hpp"

#include "gateway/auth/api_keys.hpp"
#include "tests/gateway/gateway_fixture.hpp"

using namespace airi;
using namespace airi::test;

namespace {

using house = gateway_fixture;

// A gateway whose address limit allows so many requests. It counts those by address; a user's are not limited.
struct limited_gateway : house {
    explicit limited_gateway(std::int64_t max) : left(max) {
        answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            const auto& name = asked.statement->name;
            if (name == "catalogue.rate_limits") return row({"api", "3", "60", "sliding_window"});
            if (name == "api_keys.authenticate" && parameter(asked, "hash") == good)
                return row({session.text().c_str(), user.text().c_str(), "f"});
            return postgres::rows{};
        };
        REQUIRE(io.run(known.load(database)));
        redis.evaluate = [this](const auto& keys, const auto&) -> result<redis::reply> {
            REQUIRE(keys.at(0).starts_with("rate:api:192.0.2.1"));
            const auto number = [](std::int64_t n) { return redis::reply{redis::reply::kind::integer, n, {}, {}}; };
            ++counted;
            const bool allowed = left-- > 0;
            return redis::reply{redis::reply::kind::list, 0, {},
                {number(allowed ? 0 : 1), number(1), number(std::max<std::int64_t>(0, left)), number(1000), number(0)}};
        };
    }

    gateway::request with(std::string token) const {
        auto in = anonymous(verb::get, "/api/v1/auth/session");
        in.headers.emplace_back("authorization", "Bearer " + std::move(token));
        return in;
    }
    std::size_t asked(std::string_view statement) const { return database.all(statement).size(); }

    std::int64_t left;
    int counted = 0;
    std::string good;  ///< the hash of the one key that Postgres knows
};

}  // namespace

TEST_CASE("AIRI-11: a flood of well-formed unknown API keys reaches Postgres within the address's limit only") {
    limited_gateway h(3);
    for (int i = 0; i < 20; ++i) {
        const auto out = h.ask(h.with(gateway::make_api_key().whole.reveal()));
        CHECK(out.status == (i < 3 ? 401u : 429u));
    }
    CHECK(h.asked("api_keys.authenticate") == 3);
    CHECK(h.counted == 20);
    // The same by the handshake of a WebSocket.
    auto in = h.with(gateway::make_api_key().whole.reveal());
    in.path = "/ws";
    const auto refused = h.io.run(h.application->upgrade(in));
    REQUIRE(std::holds_alternative<gateway::response>(refused));
    CHECK(std::get<gateway::response>(refused).status == 429);
    CHECK(h.asked("api_keys.authenticate") == 3);
}

TEST_CASE("AIRI-11: a key that was good a moment ago is not counted against its address") {
    limited_gateway h(2);
    const auto key = gateway::make_api_key();
    h.good = key.hash;
    for (int i = 0; i < 5; ++i) CHECK(h.ask(h.with(key.whole.reveal())).status == 200);
    CHECK(h.counted == 1);
    h.good.clear();  // revoked
    for (const auto status : {401u, 401u, 429u}) CHECK(h.ask(h.with(key.whole.reveal())).status == status);
}

TEST_CASE(
    "AIRI-11: tokens that no key has signed are counted without a question to Postgres, ended sessions with one") {
    limited_gateway h(4);
    CHECK(h.ask(h.request(verb::get, "/api/v1/auth/session")).status == 200);
    CHECK(h.counted == 0);
    const auto before = h.asked("auth.account");
    for (const auto status : {401u, 401u}) CHECK(h.ask(h.with("x.y.z")).status == status);
    CHECK(h.asked("auth.account") == before);
    h.session_open = false;
    h.sessions.invalidate(h.session);
    for (const auto status : {401u, 401u, 429u, 429u})
        CHECK(h.ask(h.request(verb::get, "/api/v1/auth/session")).status == status);
    CHECK(h.asked("auth.account") == before + 1);
}
