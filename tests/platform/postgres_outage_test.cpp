// What the pool does when the server goes, stays away, comes back, and when the pool itself is closed.
#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>

#include "platform/postgres/postgres.hpp"
#include "tests/support/cpp/postgres_calls.hpp"
#include "tests/support/cpp/servers.hpp"

using namespace airi;
using postgres::errc;
using postgres::transaction;
using std::chrono::steady_clock;
using test::becomes;
using test::run;
using test::run_all;

namespace {

const postgres::prepared one{"test.one", "select 1", {}};
const postgres::prepared nap{"test.nap", "select pg_sleep($1)", {"seconds"}};
const postgres::prepared end_others{"test.end_others",
    "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity where application_name = 'victim'", {}};
const postgres::prepared victims{
    "test.victims", "select count(*) from pg_stat_activity where application_name = 'victim'", {}};
const postgres::prepared sleeping{"test.sleeping",
    "select count(*) from pg_stat_activity where application_name = 'victim' and wait_event = 'PgSleep'", {}};

transaction of(const postgres::prepared& statement, std::vector<std::optional<std::string>> parameters = {}) {
    transaction out;
    out.statements.push_back({&statement, std::move(parameters)});
    return out;
}

std::unique_ptr<postgres::database> open(
    const std::string& url, std::size_t connections, std::size_t waiting = 10'000) {
    return postgres::open({secret(url), connections, waiting});
}

std::vector<transaction> times(std::size_t count, const transaction& work) { return std::vector(count, work); }

const test::server& shared() {
    static const test::server instance("postgres");
    return instance;
}

std::string as_victim(const test::server& server) { return server.address() + "?application_name=victim"; }

}  // namespace

TEST_CASE("a connection that the server closed while idle costs no transaction") {
    const auto db = open(as_victim(shared()), 3), other = open(shared().address(), 1);
    for (const auto& got : run_all(*db, times(20, of(one)))) REQUIRE(got);
    for (int i = 0; i < 5; ++i) {
        REQUIRE(run(*other, of(end_others)));
        for (const auto& got : run_all(*db, times(20, of(one)))) CHECK(got);
    }
}

TEST_CASE("connections that the server closed while idle are replaced without a transaction") {
    const auto db = open(as_victim(shared()), 3), other = open(shared().address(), 1);
    const auto connected = [&] {
        const auto got = run(*other, of(victims));
        return got && got->front().integer(0, 0) == 3;
    };
    REQUIRE(becomes(connected));
    REQUIRE(run(*other, of(end_others)));
    CHECK(becomes(connected));
}

TEST_CASE("a transaction whose connection breaks is unavailable, and later ones use a new connection") {
    boost::asio::io_context io(1);
    const auto db = open(as_victim(shared()), 1), other = open(shared().address(), 1);
    std::optional<test::postgres_answer> cut;
    boost::asio::co_spawn(io, test::run_one(db.get(), of(nap, {"30"}), &cut), boost::asio::detached);
    io.poll();
    REQUIRE(becomes([&] { return run(*other, of(sleeping)).value()[0].text(0, 0) == "1"; }));
    std::optional<test::postgres_answer> behind;
    boost::asio::co_spawn(io, test::run_one(db.get(), of(one), &behind), boost::asio::detached);
    io.poll();
    REQUIRE(run(*other, of(end_others)));
    io.run();
    REQUIRE(!*cut);
    CHECK(cut->error() == errc::unavailable);
    CHECK(*behind);
}

TEST_CASE("when the server is killed, waiting transactions end at once; after its restart new ones work") {
    boost::asio::io_context io(1);
    test::server server("postgres");
    const auto db = open(as_victim(server), 4);
    for (const auto& got : run_all(*db, times(50, of(one)))) REQUIRE(got);
    CHECK(db->available());
    std::vector<std::optional<test::postgres_answer>> waiting(40);
    for (auto& each : waiting)
        boost::asio::co_spawn(io, test::run_one(db.get(), of(nap, {"9"}), &each), boost::asio::detached);
    io.poll();
    {
        const auto other = open(server.address(), 1);
        REQUIRE(becomes([&] { return run(*other, of(sleeping)).value()[0].text(0, 0) == "4"; }));
    }
    const auto killed = steady_clock::now();
    server.kill();
    io.run();
    for (const auto& each : waiting) CHECK(each.value().error() == errc::unavailable);
    REQUIRE(becomes([&] { return !db->available(); }));
    for (const auto& got : run_all(*db, times(20, of(one)))) CHECK(got.error() == failure::outage);
    CHECK(steady_clock::now() - killed < seconds(5));
    server.start();
    REQUIRE(becomes([&] { return db->available(); }, seconds(5)));
    for (const auto& got : run_all(*db, times(50, of(one)))) CHECK(got);
}

TEST_CASE("while the server restarts, a transaction either succeeds or is unavailable") {
    test::server server("postgres");
    const auto db = open(server.address(), 4);
    for (const bool rude : {true, false}) {
        rude ? server.kill() : server.stop();
        server.start();
        REQUIRE(becomes([&] { return db->available() && run(*db, of(one)).has_value(); }, seconds(5)));
        for (const auto& got : run_all(*db, times(100, of(one)))) CHECK(got);
    }
}

TEST_CASE("without a server transactions fail at once") {
    const auto db = open("postgresql://nobody@127.0.0.1:1/none", 2);
    const auto from = steady_clock::now();
    for (const auto& got : run_all(*db, times(100, of(one)))) CHECK(got.error() == errc::unavailable);
    CHECK(steady_clock::now() - from < seconds(3));
    CHECK(!db->available());
}

TEST_CASE("transactions beyond the queue's limit fail at once, those within it run") {
    const auto db = open(shared().address(), 1, 10);
    REQUIRE(run(*db, of(one)));
    const auto got = run_all(*db, times(100, of(nap, {"0.02"})));
    const auto done = std::count_if(got.begin(), got.end(), [](const auto& each) { return each.has_value(); });
    CHECK(done >= 10);
    CHECK(done < 30);
    for (const auto& each : got)
        if (!each) CHECK(each.error() == failure::outage);
}

TEST_CASE("a transaction that waits too long for a connection meets a busy server") {
    boost::asio::io_context io(1);
    const auto db = postgres::open({secret(as_victim(shared())), 1, 10'000, milliseconds{200}});
    const auto other = open(shared().address(), 1);
    std::optional<test::postgres_answer> running;
    boost::asio::co_spawn(io, test::run_one(db.get(), of(nap, {"2"}), &running), boost::asio::detached);
    io.poll();
    REQUIRE(becomes([&] { return run(*other, of(sleeping)).value()[0].text(0, 0) == "1"; }));
    const auto use = db->use();
    CHECK((use.most == 1 && use.used == 1 && use.idle == 0 && use.timeouts == 0));
    for (const auto& got : run_all(*db, times(5, of(one)))) CHECK(got.error() == errc::busy);
    CHECK(db->use().timeouts == 5);
    io.run();
    CHECK(running.value());
    CHECK(run(*db, of(one)));
}

TEST_CASE("closing the pool finishes what is queued") {
    boost::asio::io_context io(1);
    auto db = open(shared().address(), 2);
    std::vector<std::optional<test::postgres_answer>> found(30);
    for (auto& each : found)
        boost::asio::co_spawn(io, test::run_one(db.get(), of(nap, {"0.01"}), &each), boost::asio::detached);
    io.poll();
    db.reset();
    io.run();
    for (const auto& each : found) CHECK(each.value());
}

TEST_CASE("closing the pool waits five seconds for a long transaction and no longer") {
    boost::asio::io_context io(1);
    auto db = open(shared().address(), 1);
    std::optional<test::postgres_answer> running;
    boost::asio::co_spawn(io, test::run_one(db.get(), of(nap, {"9"}), &running), boost::asio::detached);
    io.poll();
    const auto from = steady_clock::now();
    db.reset();
    CHECK(steady_clock::now() - from < seconds(7));
    io.run();
    CHECK(running.value().error() == errc::unavailable);
}

TEST_CASE("a malformed URL, or one that would leak its password, is rejected at start-up") {
    CHECK_THROWS_WITH_AS(
        open("postgresql://u:p@h:port:5/%%", 1), "the Postgres URL cannot be read", std::invalid_argument);
    CHECK_THROWS_WITH_AS(open("postgresql://u:pass@word@host/x", 1),
        "the Postgres URL has an unescaped @ in its password", std::invalid_argument);
}
