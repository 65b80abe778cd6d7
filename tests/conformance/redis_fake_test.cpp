#include "tests/conformance/redis_suite.hpp"
#include "tests/support/cpp/fake_redis.hpp"

using namespace airi;
using namespace airi::test;

namespace {

struct faked {
    loop io;
    fake_redis server;
    fake_redis::fake_client its_client{server};
    fake_redis::fake_subscriber its_subscriber{server};

    redis::client& client() { return its_client; }
    redis::subscriber& subscriber() { return its_subscriber; }
    bool append(const events::generation_ids& ids, position at, frame_type type, std::string_view more) {
        return server.append(ids, at, type, more);
    }
    void stall() { server.cork(); }
    void kill() { server.go_away(); }
    void restart() {
        server.uncork();
        server.come_back();
    }
};

}  // namespace

TEST_CASE("the fake Redis conforms to its ports") { redis_conforms<faked>(); }
