// Transactions that are committed together (postgres::transaction::group_order), on a real server.
#include <doctest/doctest.h>

#include <deque>
#include <set>

#include "platform/postgres/postgres.hpp"
#include "tests/support/cpp/postgres_calls.hpp"
#include "tests/support/cpp/servers.hpp"

using namespace airi;
using postgres::errc;
using postgres::prepared;
using postgres::transaction;
using test::run;
using test::run_all;

namespace {

// Statements must live as long as the program; a deque does not move them.
const prepared& sql(std::string text) {
    static std::deque<prepared> all;
    for (const auto& each : all)
        if (each.text == text) return each;
    return all.emplace_back(prepared{"group." + std::to_string(all.size()), std::move(text), {}});
}

transaction alone(std::string text, std::vector<std::optional<std::string>> parameters = {}) {
    transaction out;
    out.statements.push_back({&sql(std::move(text)), std::move(parameters)});
    return out;
}

transaction grouped(std::string order, std::string text, std::vector<std::optional<std::string>> parameters = {}) {
    auto out = alone(std::move(text), std::move(parameters));
    out.group_order = std::move(order);
    return out;
}

constexpr const char* insert =
    "insert into members (name) values ($1) returning pg_current_xact_id()::text, number::text, name";

struct ground {
    test::server server{"postgres"};
    std::unique_ptr<postgres::database> open(milliseconds linger, std::size_t connections = 4) const {
        postgres::pool_options options;
        options.url = secret(server.address());
        options.connections = connections;
        options.group_linger = linger;
        return postgres::open(options);
    }

    ground() {
        const auto db = open(milliseconds{0}, 1);
        REQUIRE(run(*db, alone("create table members (number int generated always as identity, name text unique)")));
    }
};
const ground& shared() {
    static const ground instance;
    return instance;
}

std::set<std::string> commits(const std::vector<test::postgres_answer>& answers) {
    std::set<std::string> out;
    for (const auto& each : answers)
        if (each) out.emplace(each->front().text(0, 0));
    return out;
}

}  // namespace

TEST_CASE("waiting members of a group are committed together, ordered, and each gets its own rows") {
    const auto db = shared().open(milliseconds{200});
    std::vector<transaction> work;
    for (int i = 9; i >= 0; --i) {
        const auto name = "ordered " + std::to_string(i);
        auto one = grouped(std::to_string(i), insert, {name});
        if (i % 2 == 0) one.statements.push_back({&sql("select $1::text || '!'"), {name}});
        work.push_back(std::move(one));
    }
    const auto got = run_all(*db, std::move(work));
    CHECK(commits(got).size() == 1);
    std::int64_t last = 0;
    for (int i = 0; i < 10; ++i) {
        const auto& answer = got[static_cast<std::size_t>(9 - i)];
        const auto name = "ordered " + std::to_string(i);
        REQUIRE(answer);
        CHECK(answer->size() == (i % 2 == 0 ? 2 : 1));
        CHECK(answer->front().text(0, 2) == name);
        CHECK(answer->back().text(0, i % 2 == 0 ? 0 : 2) == (i % 2 == 0 ? name + "!" : name));
        CHECK(answer->front().integer(0, 1) > last);
        last = answer->front().integer(0, 1);
    }
}

TEST_CASE("a group gathers without a linger while another one is committed") {
    const auto db = shared().open(milliseconds{0});
    std::vector<transaction> work;
    for (int i = 0; i < 100; ++i) work.push_back(grouped("", insert, {"gathered " + std::to_string(i)}));
    const auto got = run_all(*db, std::move(work));
    for (const auto& each : got) CHECK(each);
    CHECK(commits(got).size() < 50);
}

TEST_CASE("a failing member of a group is repeated alone, and the others are committed") {
    const auto db = shared().open(milliseconds{200});
    std::vector<transaction> work;
    for (int i = 0; i < 8; ++i)
        work.push_back(i == 3 ? grouped("3", "select 1 / $1::int", {"0"})
                              : grouped(std::to_string(i), insert, {"split " + std::to_string(i == 5 ? 4 : i)}));
    const auto got = run_all(*db, std::move(work));
    for (std::size_t i = 0; i < got.size(); ++i) {
        if (i == 3) CHECK(got[i].error() == make_error_code(errc::invalid));
        if (i != 3 && i != 4 && i != 5) CHECK(got[i]);
    }
    // Members 4 and 5 insert the same unique name: exactly one of them succeeds.
    CHECK(got[4].has_value() != got[5].has_value());
    CHECK((got[4] ? got[5] : got[4]).error() == make_error_code(errc::duplicate));
    const auto stored = run(*db, alone("select count(*) from members where name like 'split %'"));
    CHECK(stored->front().integer(0, 0) == 6);
}

TEST_CASE("a lost connection makes the whole group unavailable, and the next group is committed") {
    const auto db = shared().open(milliseconds{200});
    std::vector<transaction> work;
    work.push_back(grouped("a", insert, {"lost a"}));
    work.push_back(grouped("b", "select pg_terminate_backend(pg_backend_pid())"));
    work.push_back(grouped("c", insert, {"lost c"}));
    for (const auto& each : run_all(*db, std::move(work))) CHECK(each.error() == make_error_code(errc::unavailable));
    CHECK(test::becomes([&] { return run(*db, grouped("d", insert, {"lost d"})).has_value(); }));
    CHECK(run(*db, alone("select count(*) from members where name like 'lost %'"))->front().integer(0, 0) == 1);
}
