#include "platform/redis/redis.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "platform/redis/url.hpp"
#include "tests/platform/redis_loop.hpp"

namespace {

using namespace airi;
using namespace airi::test;
using redis::errc;
using redis::reply;

// A client on a loop of its own; the loop ends last.
struct connected {
    explicit connected(const secret& url) : client(redis::open_client(io.get_executor(), url)) {
        REQUIRE(until(io, [&] { return client->available(); }));
    }
    result<reply> run(std::vector<std::string> words) { return finish(io, client->command(std::move(words))); }

    io_context io;
    std::unique_ptr<redis::client> client;
};

awaitable<bool> keep_outcome(redis::client* of, std::vector<std::string> words, std::vector<result<reply>>* into) {
    auto got = co_await of->command(std::move(words));
    into->push_back(std::move(got));
    co_return true;
}

std::string shared_server_as(const std::string& credentials) {
    return "redis://" + credentials + "127.0.0.1:" + std::to_string(shared_server().port());
}

void spawn(io_context& io, awaitable<bool> work) {
    boost::asio::co_spawn(io, std::move(work), [](std::exception_ptr, bool) {});
}

}  // namespace

TEST_CASE("a Redis URL is split into its parts, anything else is rejected") {
    const auto full = redis::parse_url(secret("redis://me:p%40ss%2Fword@cache.internal:7000/3"));
    REQUIRE(full.has_value());
    CHECK(full->host == "cache.internal");
    CHECK(full->port == 7000);
    CHECK(full->user == "me");
    CHECK(full->password.reveal() == "p@ss/word");
    CHECK(full->database == 3);
    const auto plain = redis::parse_url(secret("redis://:pw@[::1]"));
    REQUIRE(plain.has_value());
    CHECK(plain->host == "::1");
    CHECK(plain->port == 6379);
    CHECK(plain->password.reveal() == "pw");
    CHECK_FALSE(plain->tls);
    const auto encrypted = redis::parse_url(secret("rediss://gateway:pw@cache:7000/1?ca=/etc/my%20ca.pem"));
    REQUIRE(encrypted.has_value());
    CHECK(encrypted->tls);
    CHECK(encrypted->ca == "/etc/my ca.pem");
    CHECK(encrypted->database == 1);
    for (auto wrong : {"redis://h?ca=/file", "rediss://h?sslmode=none", "", "localhost", "http://localhost", "redis://",
             "redis://h:0", "redis://h:70000", "redis://h:x", "redis://h/x", "redis://h/-1", "redis://:%zz@h",
             "redis://[::1", "redis://[::1]7"})
        CHECK_MESSAGE(!redis::parse_url(secret(wrong)).has_value(), wrong);
    io_context io;
    CHECK_THROWS(redis::open_client(io.get_executor(), secret("nonsense")));
}

TEST_CASE("a script has its SHA-1") {
    CHECK(redis::script("return 1").sha() == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
}

TEST_CASE("commands answer with every kind of reply") {
    connected use(secret(shared_server().address()));
    CHECK(use.run({"SET", "kind", std::string("a\0b", 3)})->text == "OK");
    CHECK(use.run({"GET", "kind"})->text == std::string("a\0b", 3));
    CHECK(use.run({"SET", "kind", ""})->text == "OK");
    CHECK(use.run({"GET", "kind"})->is == reply::kind::text);
    CHECK(use.run({"GET", "no such key"})->is == reply::kind::nil);
    CHECK(use.run({"INCRBY", "count", "-7"})->number == -7);
    const auto list = use.run({"EVAL", "return {1, 'two', {'three'}, false}", "0"});
    REQUIRE(list.has_value());
    REQUIRE(list->list.size() == 4);
    CHECK(list->list[0].number == 1);
    CHECK(list->list[1].text == "two");
    CHECK(list->list[2].list.at(0).text == "three");
    CHECK(list->list[3].is == reply::kind::nil);
    const std::string big(3'000'000, 'x');
    CHECK(use.run({"SET", "big", big})->text == "OK");
    CHECK(use.run({"GET", "big"})->text == big);
    const auto wrong = use.run({"INCR", "big"});
    CHECK(wrong.error() == errc::refused);
    CHECK(failure_of(wrong.error()) == failure::broken);
}

TEST_CASE("a thousand commands at once are answered in the order of the calls") {
    connected use(secret(shared_server().address()));
    use.run({"DEL", "order"});
    std::vector<result<reply>> got;
    for (int i = 0; i < 1000; ++i) spawn(use.io, keep_outcome(use.client.get(), {"INCR", "order"}, &got));
    REQUIRE(until(use.io, [&] { return got.size() == 1000; }));
    CHECK(
        std::all_of(got.begin(), got.end(), [&](auto& one) { return one && one->number == 1 + (&one - got.data()); }));
}

TEST_CASE("a script runs from the cache, and again after the cache was emptied") {
    connected use(secret(shared_server().address()));
    static const redis::script add("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    use.run({"DEL", "sum"});
    use.run({"SCRIPT", "FLUSH"});
    for (int sum = 5; sum <= 15; sum += 5) {
        CHECK(finish(use.io, use.client->eval(add, {"sum"}, {"5"}))->number == sum);
        CHECK(use.run({"SCRIPT", "EXISTS", add.sha()})->list.at(0).number == 1);
        if (sum == 10) use.run({"SCRIPT", "FLUSH"});
    }
    static const redis::script fails("return redis.call('INCR', 'a list', 'too many')");
    CHECK(finish(use.io, use.client->eval(fails, {}, {})).error() == errc::refused);
}

TEST_CASE("the URL's password and database are used, a wrong password never becomes available") {
    connected admin(secret(shared_server().address()));
    admin.run({"ACL", "SETUSER", "keeper", "on", ">s3/cret", "~*", "+@all"});
    connected use(secret(shared_server_as("keeper:s3%2Fcret@") + "/5"));
    CHECK(use.run({"ACL", "WHOAMI"})->text == "keeper");
    use.run({"SET", "only in five", "1"});
    CHECK(admin.run({"EXISTS", "only in five"})->number == 0);
    admin.run({"SELECT", "5"});
    CHECK(admin.run({"EXISTS", "only in five"})->number == 1);

    io_context io;
    const auto wrong = redis::open_client(io.get_executor(), secret(shared_server_as("keeper:no@")));
    CHECK_FALSE(until(io, [&] { return wrong->available(); }, 1s));
    CHECK(finish(io, wrong->command({"PING"})).error() == errc::unavailable);
}

TEST_CASE("a host name is resolved") {
    auto url = shared_server().address();
    url.replace(url.find("127.0.0.1"), 9, "localhost");
    connected use{secret(url)};
    CHECK(use.run({"PING"})->text == "PONG");
}

TEST_CASE("waiting commands end as unavailable when the server dies, and the client reconnects") {
    server own("redis");
    connected use(secret(own.address()));
    std::vector<result<reply>> got;
    own.pause();
    for (int i = 0; i < 100; ++i) spawn(use.io, keep_outcome(use.client.get(), {"INCR", "x"}, &got));
    use.io.poll();
    CHECK(got.empty());
    own.kill();
    REQUIRE(until(use.io, [&] { return got.size() == 100; }));
    CHECK(std::all_of(got.begin(), got.end(), [](auto& one) { return one.error() == errc::unavailable; }));
    CHECK(failure_of(got[0].error()) == failure::outage);
    CHECK_FALSE(use.client->available());
    CHECK(use.run({"PING"}).error() == errc::unavailable);
    own.start();
    REQUIRE(until(use.io, [&] { return use.client->available(); }));
    CHECK(use.run({"PING"})->text == "PONG");
}

TEST_CASE("a server that is silent for two seconds is disconnected") {
    server own("redis");
    connected use(secret(own.address()));
    own.pause();
    const auto asked = clock_type::now();
    CHECK(use.run({"PING"}).error() == errc::timed_out);
    const auto waited = clock_type::now() - asked;
    CHECK(waited > 1900ms);
    CHECK(waited < 3s);
    CHECK_FALSE(use.client->available());
    own.resume();
    REQUIRE(until(use.io, [&] { return use.client->available(); }));
    CHECK(use.run({"PING"})->text == "PONG");
}

TEST_CASE("closing ends waiting calls and leaves no work in the loop") {
    server own("redis");
    connected use(secret(own.address()));
    std::vector<result<reply>> got;
    own.pause();
    spawn(use.io, keep_outcome(use.client.get(), {"PING"}, &got));
    use.io.poll();
    use.client->close();
    use.client.reset();
    use.io.restart();
    use.io.run_for(5s);
    CHECK(use.io.stopped());
    own.resume();
    REQUIRE(got.size() == 1);
    CHECK(got[0].error() == errc::unavailable);
}
