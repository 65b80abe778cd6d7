#include "tests/conformance/redis_suite.hpp"
#include "tests/platform/redis_loop.hpp"
#include "workers/runtime/redis_frame_channel.hpp"

using namespace airi;
using namespace airi::test;

namespace {

struct real {
    static test::server& server() { return shared_server(); }

    loop io;
    const secret url{server().address()};
    std::unique_ptr<redis::client> its_client = redis::open_client(io.on(), url);
    std::unique_ptr<redis::subscriber> its_subscriber = redis::open_subscriber(io.on(), url);
    std::unique_ptr<workers::frame_channel> channel = workers::open_frame_channel(*its_client);
    bool stalled = false;

    real() {
        REQUIRE(io.until([&] { return its_client->available() && its_subscriber->available(); }));
        REQUIRE(io.run(its_client->command({"FLUSHALL"})));
    }
    ~real() {
        if (stalled) server().resume();
        server().start_again();
    }
    redis::client& client() { return *its_client; }
    redis::subscriber& subscriber() { return *its_subscriber; }
    bool append(const events::generation_ids& ids, position at, frame_type type, std::string more) {
        return io.run(channel->append({ids, at, type, std::move(more)})) == workers::appended::ok;
    }
    void stall() {
        server().pause();
        stalled = true;
    }
    void kill() {
        server().kill();
        stalled = false;
    }
    void restart() { server().start(); }
};

}  // namespace

TEST_CASE("hiredis and a server conform to the Redis ports") { redis_conforms<real>(); }
