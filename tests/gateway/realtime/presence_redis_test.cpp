// Presence with a real redis-server and two gateway threads that are loops here.
#include "gateway/realtime/presence.hpp"

#include "events/frames/frame.hpp"
#include "tests/platform/redis_loop.hpp"

namespace {

using namespace airi;
using namespace airi::test;
using gateway::open_sockets;

struct fake_socket : gateway::session_bound {
    void session_ended() override {}
};

constexpr gateway::presence_options quick{.extend_every = milliseconds{150},
    .lease = milliseconds{400},
    .grace = milliseconds{300},
    .sweep_every = milliseconds{50},
    .batch = 2};

// One gateway with its sockets.
struct gateway_thread {
    explicit gateway_thread(io_context& io, gateway::presence_options options = quick)
        : client(redis::open_client(io.get_executor(), secret(shared_server().address()))),
          online(io.get_executor(), *client, sockets, options) {
        REQUIRE(until(io, [&] { return client->available(); }));
    }
    ~gateway_thread() { client->close(); }

    std::unique_ptr<redis::client> client;
    open_sockets sockets;
    gateway::presence online;
};

// The states that were broadcast of a user, in order.
struct received_states {
    received_states(io_context& io, const user_id& of)
        : from(redis::open_subscriber(io.get_executor(), secret(shared_server().address()))) {
        from->arrived = [this](std::string_view, std::string_view payload) {
            const auto parsed = json::document::parse(payload.substr(payload.find('\n') + 1));
            states.emplace_back(parsed->root()["data"]["state"].string().value_or("?"));
        };
        REQUIRE(until(io, [&] { return from->available(); }));
        REQUIRE(finish(io, from->subscribe(events::channel_of(of))).has_value());
    }
    ~received_states() { from->close(); }

    std::unique_ptr<redis::subscriber> from;
    std::vector<std::string> states;
};

const session_id session = session_id::of(uuid{}, "session");
using list = std::vector<std::string>;

bool pass(io_context& io, milliseconds time) {
    const auto end = clock_type::now() + time;
    return until(io, [&] { return clock_type::now() > end; });
}

}  // namespace

TEST_CASE(
    "SAAS-29: the first socket of a user broadcasts online, and closing the last one offline after the grace time") {
    io_context io;
    gateway_thread a(io), b(io);
    const auto ada = user_id::fresh();
    received_states received(io, ada);
    fake_socket one, two;
    a.sockets.add(session, ada, &one);
    b.sockets.add(session, ada, &two);
    REQUIRE(until(io, [&] { return received.states.size() == 1; }));
    auto is = finish(io, gateway::presence_of(*a.client, ada));
    REQUIRE(is);
    CHECK(is->online);
    CHECK(is->devices == 2);
    a.sockets.remove(session, ada, &one);
    REQUIRE(pass(io, milliseconds{900}));
    CHECK(received.states == list{"online"});
    b.sockets.remove(session, ada, &two);
    const auto end = clock_type::now() + seconds{5};
    do is = finish(io, gateway::presence_of(*a.client, ada));
    while (is->devices > 0 && clock_type::now() < end);
    CHECK(is->devices == 0);
    CHECK(is->online);
    REQUIRE(until(io, [&] { return received.states.size() == 2; }));
    CHECK(received.states == list{"online", "offline"});
    is = finish(io, gateway::presence_of(*a.client, ada));
    CHECK_FALSE(is->online);
    REQUIRE(is->last_seen);
    CHECK(now() - *is->last_seen < seconds{5});
}

TEST_CASE("SAAS-29: a socket that returns within the grace time broadcasts nothing, however often") {
    io_context io;
    gateway_thread a(io);
    const auto ada = user_id::fresh();
    received_states received(io, ada);
    fake_socket one;
    for (int i = 0; i < 5; ++i) {
        a.sockets.add(session, ada, &one);
        REQUIRE(pass(io, milliseconds{60}));
        a.sockets.remove(session, ada, &one);
        REQUIRE(pass(io, milliseconds{120}));
    }
    CHECK(received.states == list{"online"});
    REQUIRE(until(io, [&] { return received.states.size() == 2; }));
}

TEST_CASE("SAAS-29: the sockets of a dead gateway count no more after their lease, those of a living one do") {
    io_context io;
    gateway_thread a(io), dying(io);
    const auto ada = user_id::fresh(), bob = user_id::fresh();
    received_states of_ada(io, ada), of_bob(io, bob);
    fake_socket one, two, three;
    dying.sockets.add(session, ada, &one);
    dying.sockets.add(session, bob, &two);
    a.sockets.add(session, bob, &three);
    REQUIRE(until(io, [&] { return of_ada.states.size() == 1 && of_bob.states.size() == 1; }));
    dying.client->close();
    REQUIRE(until(io, [&] { return of_ada.states.size() == 2; }));
    REQUIRE(pass(io, milliseconds{600}));
    CHECK(of_ada.states == list{"online", "offline"});
    CHECK(of_bob.states == list{"online"});
    const auto is = finish(io, gateway::presence_of(*a.client, bob));
    CHECK(is->devices == 1);
}

TEST_CASE("SAAS-29: many sockets are extended in few commands, and after a loss of Redis they are restored") {
    io_context io;
    gateway_thread a(io);
    std::vector<user_id> users;
    std::vector<std::unique_ptr<fake_socket>> sockets;
    for (int i = 0; i < 7; ++i) {
        users.push_back(user_id::fresh());
        sockets.push_back(std::make_unique<fake_socket>());
        a.sockets.add(session, users.back(), sockets.back().get());
    }
    const auto all_online = [&] {
        for (const auto& user : users)
            if (!finish(io, gateway::presence_of(*a.client, user))->devices) return false;
        return true;
    };
    REQUIRE(until(io, [&] { return all_online(); }));
    REQUIRE(pass(io, milliseconds{1000}));
    CHECK(all_online());
    REQUIRE(finish(io, a.client->command({"FLUSHALL"})).has_value());
    CHECK_FALSE(all_online());
    REQUIRE(pass(io, milliseconds{400}));
    CHECK(all_online());
    for (std::size_t i = 0; i < users.size(); ++i) a.sockets.remove(session, users[i], sockets[i].get());
    REQUIRE(pass(io, milliseconds{900}));
    for (const auto& user : users) CHECK_FALSE(finish(io, gateway::presence_of(*a.client, user))->online);
}
