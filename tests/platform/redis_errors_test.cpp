// The client's errors for a real server's error replies, each caused on purpose.
#include "platform/redis/redis.hpp"
#include "tests/platform/redis_loop.hpp"
#include "tests/support/cpp/contains.hpp"

namespace {

using namespace airi;
using namespace airi::test;
using redis::errc;
using words = std::vector<std::string>;

class client_of {
public:
    explicit client_of(const std::string& url) : client_(redis::open_client(io_.get_executor(), secret(url))) {
        REQUIRE(until(io_, [&] { return client_->available(); }));
    }
    result<redis::reply> ask(const words& command) { return finish(io_, client_->command(command)); }
    void run(const std::vector<words>& commands) {
        for (const auto& command : commands) REQUIRE(ask(command).has_value());
    }
    /// Begins a command without waiting for its reply; `finished` runs the loop until it is there.
    void begin(const words& command) {
        boost::asio::co_spawn(io_, client_->command(command),
            [this](std::exception_ptr, result<redis::reply> got) { begun_ = std::move(got); });
        io_.restart();
        io_.poll();
    }
    result<redis::reply> finished() {
        REQUIRE(until(io_, [&] { return begun_.has_value(); }));
        return *begun_;
    }

private:
    io_context io_;
    std::unique_ptr<redis::client> client_;
    std::optional<result<redis::reply>> begun_;
};

struct cause {
    std::string code;
    std::vector<words> before;
    words command;
    errc is;
    std::vector<words> after;
};

words set_to(std::string name, std::string value) { return {"CONFIG", "SET", std::move(name), std::move(value)}; }

const std::vector<cause> causes{
    {"OOM", {set_to("maxmemory", "1")}, {"SET", "k", "v"}, errc::unavailable, {set_to("maxmemory", "0")}},
    {"OOM", {set_to("maxmemory", "1")}, {"EVAL", "return redis.call('SET', 'k', 'v')", "0"}, errc::unavailable,
        {set_to("maxmemory", "0")}},
    {"READONLY", {{"REPLICAOF", "127.0.0.1", "1"}}, {"SET", "k", "v"}, errc::unavailable, {{"REPLICAOF", "NO", "ONE"}}},
    {"MASTERDOWN", {set_to("replica-serve-stale-data", "no"), {"REPLICAOF", "127.0.0.1", "1"}}, {"GET", "k"},
        errc::unavailable, {{"REPLICAOF", "NO", "ONE"}}},
    {"NOREPLICAS", {set_to("min-replicas-to-write", "1")}, {"SET", "k", "v"}, errc::unavailable,
        {set_to("min-replicas-to-write", "0")}},
    {"WRONGTYPE", {{"SET", "k", "v"}}, {"LPUSH", "k", "v"}, errc::refused, {}},
    {"ERR", {}, {"NO_SUCH_COMMAND"}, errc::refused, {}},
};

}  // namespace

TEST_CASE("an error reply has the meaning that the server gave it") {
    server own("redis");
    client_of client(own.address());
    for (const auto& each : causes) {
        CAPTURE(each.code);
        client.run(each.before);
        client.run({{"CONFIG", "RESETSTAT"}});
        const auto got = client.ask(each.command);
        REQUIRE(!got.has_value());
        CHECK(got.error() == each.is);
        CHECK(contains(client.ask({"INFO", "errorstats"})->text, "errorstat_" + each.code + ":"));
        client.run(each.after);
    }
}

TEST_CASE("a missing right is misconfigured, also in a script") {
    server own("redis");
    client_of admin(own.address());
    admin.run({{"ACL", "SETUSER", "reader", "on", ">pw", "~*", "&*", "+@all", "-set"}});
    client_of reader("redis://reader:pw@127.0.0.1:" + std::to_string(own.port()));
    CHECK(reader.ask({"SET", "k", "v"}).error() == errc::misconfigured);
    CHECK(reader.ask({"EVAL", "return redis.call('SET', 'k', 'v')", "0"}).error() == errc::misconfigured);
    reader.run({{"RESET"}});  // to the default user, who may nothing
    CHECK(reader.ask({"GET", "k"}).error() == errc::misconfigured);
}

TEST_CASE("a server that runs a script for long is an outage until the script ends") {
    server own("redis");
    client_of busy(own.address()), client(own.address());
    client.run({set_to("busy-reply-threshold", "10")});
    busy.begin({"EVAL", "while true do end", "0"});
    result<redis::reply> got;
    for (const auto end = clock_type::now() + 10s; got && clock_type::now() < end;) got = client.ask({"GET", "k"});
    CHECK(got.error() == errc::unavailable);
    REQUIRE(client.ask({"SCRIPT", "KILL"}).has_value());
    CHECK(busy.finished().error() == errc::refused);
    CHECK(client.ask({"GET", "k"}).has_value());
}

TEST_CASE("a server that loads its data is an outage until the data is loaded") {
    server primary("redis"), own("redis");
    client_of source(primary.address()), client(own.address());
    source.run({set_to("repl-diskless-sync-delay", "0"),
        {"EVAL", "for i = 1, 500 do redis.call('SET', i, string.rep('x', 2000)) end return 1", "0"}});
    // The time for each key, and how often the server looks at its connections meanwhile.
    client.run({set_to("repl-diskless-load", "on-empty-db"), set_to("key-load-delay", "2000"),
        set_to("loading-process-events-interval-bytes", "1024"), set_to("masteruser", "operator"),
        set_to("masterauth", primary.password_of("operator")),
        {"REPLICAOF", "127.0.0.1", std::to_string(primary.port())}});
    bool loaded = false, loading = false;
    for (const auto end = clock_type::now() + 20s; !loaded && clock_type::now() < end;) {
        const auto got = client.ask({"GET", "500"});
        if (!got) {
            CHECK(got.error() == errc::unavailable);
            loading = true;
        }
        loaded = got && got->is == redis::reply::kind::text;
    }
    CHECK(loading);
    REQUIRE(loaded);
    CHECK(contains(client.ask({"INFO", "errorstats"})->text, "errorstat_LOADING:"));
}
