// Who is online, with a real redis-server and two gateways' threads that are loops here.
#include "gateway/realtime/presence.hpp"

#include "events/frames.hpp"
#include "tests/platform/redis_loop.hpp"

namespace {

using namespace airi;
using namespace airi::test;
using gateway::open_sockets;

struct seat_holder : gateway::session_bound {
    void session_ended() override {}
};

constexpr gateway::presence_options quick{.beat = milliseconds{150},
    .lease = milliseconds{400},
    .grace = milliseconds{300},
    .sweep = milliseconds{50},
    .batch = 2};

// One gateway: its sockets, its count, and what it hears of a user.
struct gateway_thread {
    explicit gateway_thread(io_context& on, gateway::presence_options options = quick)
        : client(redis::open_client(on.get_executor(), secret(shared_server().address()))),
          online(on.get_executor(), *client, sockets, options) {
        REQUIRE(until(on, [&] { return client->available(); }));
    }
    ~gateway_thread() { client->close(); }

    std::unique_ptr<redis::client> client;
    open_sockets sockets;
    gateway::presence online;
};

// The states that were told of a user, in order.
struct news {
    news(io_context& on, const user_id& of)
        : from(redis::open_subscriber(on.get_executor(), secret(shared_server().address()))) {
        from->arrived = [this](std::string_view, std::string_view payload) {
            const auto parsed = json::document::parse(payload.substr(payload.find('\n') + 1));
            states.emplace_back(parsed->root()["data"]["state"].string().value_or("?"));
        };
        REQUIRE(until(on, [&] { return from->available(); }));
        REQUIRE(finish(on, from->subscribe(events::channel_of(of))).has_value());
    }
    ~news() { from->close(); }

    std::unique_ptr<redis::subscriber> from;
    std::vector<std::string> states;
};

const session_id session = session_id::of(uuid{}, "session");
using list = std::vector<std::string>;

bool pass(io_context& on, milliseconds time) {
    const auto end = clock_type::now() + time;
    return until(on, [&] { return clock_type::now() > end; });
}

}  // namespace

TEST_CASE("SAAS-29: the first socket of a user tells that he is online, the last one that he is not, after a while") {
    io_context on;
    gateway_thread a(on), b(on);
    const auto ada = user_id::fresh();
    news told(on, ada);
    seat_holder one, two;
    a.sockets.add(session, ada, &one);
    b.sockets.add(session, ada, &two);
    REQUIRE(until(on, [&] { return told.states.size() == 1; }));
    auto is = finish(on, gateway::presence_of(*a.client, ada));
    REQUIRE(is);
    CHECK(is->online);
    CHECK(is->devices == 2);
    a.sockets.remove(session, ada, &one);
    REQUIRE(pass(on, milliseconds{900}));
    CHECK(told.states == list{"online"});
    b.sockets.remove(session, ada, &two);
    is = finish(on, gateway::presence_of(*a.client, ada));
    CHECK(is->online);
    CHECK(is->devices == 0);
    REQUIRE(until(on, [&] { return told.states.size() == 2; }));
    CHECK(told.states == list{"online", "offline"});
    is = finish(on, gateway::presence_of(*a.client, ada));
    CHECK_FALSE(is->online);
    REQUIRE(is->last_seen);
    CHECK(now() - *is->last_seen < seconds{5});
}

TEST_CASE("SAAS-29: a socket that comes back within the grace is no news, however often") {
    io_context on;
    gateway_thread a(on);
    const auto ada = user_id::fresh();
    news told(on, ada);
    seat_holder one;
    for (int i = 0; i < 5; ++i) {
        a.sockets.add(session, ada, &one);
        REQUIRE(pass(on, milliseconds{60}));
        a.sockets.remove(session, ada, &one);
        REQUIRE(pass(on, milliseconds{120}));
    }
    CHECK(told.states == list{"online"});
    REQUIRE(until(on, [&] { return told.states.size() == 2; }));
}

TEST_CASE(
    "SAAS-29: the sockets of a gateway that is gone count no more when their leases end; those of another one do") {
    io_context on;
    gateway_thread a(on), dying(on);
    const auto ada = user_id::fresh(), bob = user_id::fresh();
    news of_ada(on, ada), of_bob(on, bob);
    seat_holder one, two, three;
    dying.sockets.add(session, ada, &one);
    dying.sockets.add(session, bob, &two);
    a.sockets.add(session, bob, &three);
    REQUIRE(until(on, [&] { return of_ada.states.size() == 1 && of_bob.states.size() == 1; }));
    dying.client->close();
    REQUIRE(until(on, [&] { return of_ada.states.size() == 2; }));
    REQUIRE(pass(on, milliseconds{600}));
    CHECK(of_ada.states == list{"online", "offline"});
    CHECK(of_bob.states == list{"online"});
    const auto is = finish(on, gateway::presence_of(*a.client, bob));
    CHECK(is->devices == 1);
}

TEST_CASE("SAAS-29: many sockets are extended in few commands; what Redis forgot is there again after a beat") {
    io_context on;
    gateway_thread a(on);
    std::vector<user_id> users;
    std::vector<std::unique_ptr<seat_holder>> sockets;
    for (int i = 0; i < 7; ++i) {
        users.push_back(user_id::fresh());
        sockets.push_back(std::make_unique<seat_holder>());
        a.sockets.add(session, users.back(), sockets.back().get());
    }
    const auto all_online = [&] {
        for (const auto& user : users)
            if (!finish(on, gateway::presence_of(*a.client, user))->devices) return false;
        return true;
    };
    REQUIRE(until(on, [&] { return all_online(); }));
    REQUIRE(pass(on, milliseconds{1000}));
    CHECK(all_online());
    REQUIRE(finish(on, a.client->command({"FLUSHALL"})).has_value());
    CHECK_FALSE(all_online());
    REQUIRE(pass(on, milliseconds{400}));
    CHECK(all_online());
    for (std::size_t i = 0; i < users.size(); ++i) a.sockets.remove(session, users[i], sockets[i].get());
    REQUIRE(pass(on, milliseconds{900}));
    for (const auto& user : users) CHECK_FALSE(finish(on, gateway::presence_of(*a.client, user))->online);
}
