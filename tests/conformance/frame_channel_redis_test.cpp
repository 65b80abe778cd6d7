#include "platform/redis/patience.hpp"
#include "tests/conformance/frame_channel_suite.hpp"
#include "tests/platform/redis_loop.hpp"
#include "workers/runtime/redis_frame_channel.hpp"

using namespace airi;
using namespace airi::test;

namespace {

struct real {
    static test::server& server() { return shared_server(); }

    loop io;
    const secret url{server().address()};
    std::unique_ptr<redis::client> client =
        redis::open_client(io.on(), url, {.answer = milliseconds{400}, .idle = seconds{5}});
    std::unique_ptr<redis::subscriber> subscriber = redis::open_subscriber(io.on(), url);
    std::unique_ptr<workers::frame_channel> frames = workers::open_frame_channel(*client);
    std::vector<std::string> arrived;

    real() {
        subscriber->arrived = [this](std::string_view, std::string_view payload) {
            arrived.emplace_back(events::read_payload(payload).value().frame);
        };
        is_back();
        run({"FLUSHALL"});
    }
    ~real() { server().start_again(); }

    void is_back() {
        REQUIRE(io.until([&] { return client->available() && subscriber->available(); }));
    }
    redis::reply run(std::vector<std::string> words) { return io.run(client->command(std::move(words))).value(); }
    workers::frame_channel& channel() { return *frames; }
    void listen(const events::generation_ids& ids, const user_id& user) {
        for (const auto& name : {events::channel_of(ids.conversation), events::channel_of(user)})
            REQUIRE(io.run(subscriber->subscribe(name)));
    }
    std::vector<std::string> heard(std::size_t count) {
        CHECK(io.until([&] { return arrived.size() >= count; }));
        return arrived;
    }
    void cache(const user_id& user) { run({"SET", events::state_key(user), "state"}); }
    bool cached(const user_id& user) { return run({"GET", events::state_key(user)}).is == redis::reply::kind::text; }
    void flush() { run({"FLUSHALL"}); }
    void go_away() {
        server().kill();
        REQUIRE(io.until([&] { return !client->available(); }));
    }
    void come_back() {
        server().start();
        is_back();
    }
    // The command waits in the socket of the stopped server, which executes it when it goes on.
    void lose_answer() { server().pause(); }
    void answer_again() {
        server().resume();
        is_back();
    }
};

}  // namespace

TEST_CASE("the frame channel over a server conforms to its port") { frame_channel_conforms<real>(); }
