// The frame channel's answers to Redis' errors: only an entry that is there already means "superseded".
#include "tests/platform/redis_loop.hpp"
#include "tests/support/cpp/sample_events.hpp"
#include "workers/runtime/redis_frame_channel.hpp"

namespace {

using namespace airi;
using namespace airi::test;
using workers::appended;

struct own_redis {
    server redis{"redis"};
    io_context io;
    std::unique_ptr<redis::client> client = redis::open_client(io.get_executor(), secret(redis.address()));
    std::unique_ptr<workers::frame_channel> channel = workers::open_frame_channel(*client);
    events::generation_ids ids{
        conversation_id::fresh(), generation_id::fresh(), message_id::fresh(), message_id::fresh()};

    own_redis() {
        REQUIRE(until(io, [&] { return client->available(); }));
    }
    void run(std::vector<std::string> words) { REQUIRE(finish(io, client->command(std::move(words))).has_value()); }
    appended append(std::int64_t offset) {
        return finish(io, channel->append({ids, {1, offset}, events::frame_type::snapshot, ""}));
    }
};

// A state of the server in which it refuses writes, and the way back.
struct state {
    std::string name;
    std::vector<std::string> begin, end;
};

}  // namespace

TEST_CASE("a frame that Redis refuses because of its own state is not superseded") {
    const std::vector<state> states{
        {"OOM", {"CONFIG", "SET", "maxmemory", "1"}, {"CONFIG", "SET", "maxmemory", "0"}},
        {"READONLY", {"REPLICAOF", "127.0.0.1", "1"}, {"REPLICAOF", "NO", "ONE"}},
        {"NOREPLICAS", {"CONFIG", "SET", "min-replicas-to-write", "1"},
            {"CONFIG", "SET", "min-replicas-to-write", "0"}},
    };
    own_redis r;
    std::int64_t offset = 0;
    REQUIRE(r.append(offset) == appended::ok);
    for (const auto& state : states) {
        CAPTURE(state.name);
        r.run(state.begin);
        CHECK(r.append(offset + 1) == appended::unavailable);
        const auto written = finish(r.io, r.client->command({"SET", "key", "value"}));
        REQUIRE(!written.has_value());
        CHECK(failure_of(written.error()) == failure::outage);
        r.run(state.end);
        CHECK(r.append(++offset) == appended::ok);
        CHECK(r.append(offset) == appended::superseded);
    }
}
