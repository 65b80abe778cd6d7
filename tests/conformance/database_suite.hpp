// The behaviour of the database port on which sql/'s callers rely. Run on the fake (database_fake_test) and on a server
// (database_postgres_test).
#pragma once

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

#include "platform/postgres/postgres.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/postgres_calls.hpp"
#include "tests/support/cpp/print.hpp"

namespace airi::test {

/// A subject is a database with an empty table of unique names:
///   loop io; postgres::database& database();
///   const postgres::prepared& add, find;   one parameter each; one row with the name, or none
///   void go_away(); void come_back();      the server; returns when the database knows
template <class Subject>
struct database_suite {
    Subject on;

    postgres::transaction add(std::optional<std::string> name) { return of({&on.add, {std::move(name)}}); }
    postgres::transaction find(std::string name) { return of({&on.find, {std::move(name)}}); }
    static postgres::transaction of(postgres::bound one) { return {{}, {std::move(one)}}; }
    static postgres::transaction join(postgres::transaction a, const postgres::transaction& b) {
        a.statements.insert(a.statements.end(), b.statements.begin(), b.statements.end());
        return a;
    }
    postgres_answer run(postgres::transaction work) { return on.io.run(on.database().run(std::move(work))); }
    error_code error_of(postgres::transaction work) {
        const auto got = run(std::move(work));
        return got ? error_code{} : got.error();
    }
    bool is_stored(const std::string& name) { return !run(find(name)).value().at(0).empty(); }

    void rows() {
        const auto got = run(join(join(add("a"), add("b")), find("none")));
        REQUIRE(got);
        REQUIRE(got->size() == 3);
        CHECK(got->at(0).text(0, 0) == "a");
        CHECK(got->at(1).text(0, 0) == "b");
        CHECK(got->at(2).empty());
        CHECK(is_stored("b"));
        const auto nothing = run({});
        REQUIRE(nothing);
        CHECK(nothing->empty());
    }
    void rollback() {
        REQUIRE(run(add("a")));
        const auto failed = error_of(join(join(add("b"), add("a")), add("c")));
        CHECK(failed == postgres::errc::duplicate);
        CHECK(failed == failure::refused);
        CHECK_FALSE(is_stored("b"));
        CHECK_FALSE(is_stored("c"));
        CHECK(run(add("b")));
    }
    void unfit() {
        CHECK(error_of(join(add("a"), add(std::string("x\0y", 3)))) == postgres::errc::invalid);
        CHECK(error_of(join(add("a"), of({&on.add, {}}))) == postgres::errc::broken);
        CHECK(error_of(join(add("a"), of({&on.add, {"b", "c"}}))) == postgres::errc::broken);
        CHECK(error_of(join(add("a"), of({nullptr, {}}))) == postgres::errc::broken);
        CHECK_FALSE(is_stored("a"));
        CHECK(run(add("")));
        CHECK(is_stored(""));
    }
    void concurrency() {
        std::vector<std::optional<postgres_answer>> got(30);
        for (std::size_t i = 0; i < got.size(); ++i) {
            const auto name = std::to_string(i);
            auto work = i % 3 == 1 ? join(add(name), add(name)) : join(add(name), find("none"));
            boost::asio::co_spawn(on.io.on(), on.database().run(std::move(work)),
                [&into = got[i]](std::exception_ptr, postgres_answer one) { into.emplace(std::move(one)); });
        }
        REQUIRE(on.io.until([&] { return std::ranges::all_of(got, [](auto& one) { return one.has_value(); }); }));
        for (std::size_t i = 0; i < got.size(); ++i) {
            CAPTURE(i);
            if (i % 3 == 1)
                CHECK(got[i]->error() == postgres::errc::duplicate);
            else
                CHECK(got[i]->value().at(0).text(0, 0) == std::to_string(i));
            CHECK(is_stored(std::to_string(i)) == (i % 3 != 1));
        }
    }
    void suspension() {
        std::string order;
        bool one = false, two = false;
        on.io.start(ask(&on.database(), find("a"), &order), one);
        on.io.start(ask(&on.database(), find("a"), &order), two);
        REQUIRE(on.io.until([&] { return one && two; }));
        CHECK(order == "asked asked answered answered ");
    }
    static awaitable<> ask(postgres::database* database, postgres::transaction work, std::string* order) {
        *order += "asked ";
        (void)co_await database->run(std::move(work));
        *order += "answered ";
    }
    void outage() {
        REQUIRE(run(add("a")));
        CHECK(on.database().available());
        on.go_away();
        CHECK_FALSE(on.database().available());
        for (int i = 0; i < 3; ++i) {
            const auto failed = error_of(add("b"));
            CHECK(failed == postgres::errc::unavailable);
            CHECK(failed == failure::outage);
        }
        on.come_back();
        CHECK(on.database().available());
        CHECK(is_stored("a"));
        CHECK_FALSE(is_stored("b"));
        CHECK(run(add("b")));
    }
};

template <class Subject>
void database_conforms() {
    database_suite<Subject> suite;
    SUBCASE("each statement has its rows, in order") { suite.rows(); }
    SUBCASE("when a statement fails, nothing of its transaction is stored") { suite.rollback(); }
    SUBCASE("a statement that cannot be sent fails its transaction") { suite.unfit(); }
    SUBCASE("transactions at once each get their own rows") { suite.concurrency(); }
    SUBCASE("a transaction lets others run until it is answered") { suite.suspension(); }
    SUBCASE("without a server transactions are unavailable and store nothing") { suite.outage(); }
}

}  // namespace airi::test
