#include "platform/postgres/postgres.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <stdexcept>

#include "platform/postgres/sqlstate.hpp"
#include "tests/support/cpp/captured_log.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/postgres_calls.hpp"
#include "tests/support/cpp/servers.hpp"

using namespace airi;
using postgres::errc;
using postgres::prepared;
using postgres::transaction;
using test::captured_log;
using test::contains;
using test::run;
using test::run_all;

namespace {

using values = std::vector<std::optional<std::string>>;

// Statements must live as long as the program; a deque does not move them.
const prepared& sql(std::string text) {
    static std::deque<prepared> kept;
    for (const auto& each : kept)
        if (each.text == text) return each;
    return kept.emplace_back(prepared{"test." + std::to_string(kept.size()), std::move(text), {}});
}

transaction of(std::string text, values parameters = {}) {
    transaction out;
    out.statements.push_back({&sql(std::move(text)), std::move(parameters)});
    return out;
}

transaction operator+(transaction a, transaction b) {
    for (auto& each : b.statements) a.statements.push_back(std::move(each));
    return a;
}

transaction by(user_id caller, transaction work) {
    work.caller = caller;
    return work;
}

std::unique_ptr<postgres::database> open(
    const std::string& url, std::size_t connections = 1, std::size_t waiting = 10'000) {
    return postgres::open({secret(url), connections, waiting});
}

std::string cell(const test::postgres_answer& from) {
    if (!from) return from.error().message();
    return from->empty() || from->back().empty() ? "no row" : std::string(from->back().text(0, 0));
}

error_code error_of(const test::postgres_answer& from) { return from ? error_code{} : from.error(); }

// One server for the tests that leave it alone, with the tables they share.
struct ground {
    test::server server{"postgres"};
    std::string app_url;

    ground() {
        const auto db = open(server.address());
        for (const auto* text : {
                 "create role tester login password 'tester'",
                 "create table notes (id int primary key, owner text not null default '', body text check "
                 "(body <> 'bad'))",
                 "create table parents (id int primary key)",
                 "create table children (parent int references parents deferrable initially deferred)",
                 "alter table notes enable row level security",
                 "create policy own on notes to tester using (owner = current_setting('airi.user_id', true))",
                 "grant select, insert, delete on notes to tester",
                 "create table closed (id int)",
                 "create function fail(state text) returns void language plpgsql as "
                 "$$ begin raise exception 'because of %', state using errcode = state; end $$",
             })
            REQUIRE(run(*db, of(text)));
        const auto& url = server.address();
        app_url = "postgresql://tester:tester" + url.substr(url.rfind('@'));
    }
};
const ground& shared() {
    static const ground instance;
    return instance;
}

}  // namespace

TEST_CASE("rows come back in text form with NULL, column count and changed rows") {
    const auto db = open(shared().server.address());
    const auto got =
        run(*db, of("select 1, null::text, '' union all select 2, 'x', $1::text", {"y"}) +
                     of("update parents set id = id where false") + of("select 1 as a, 2 as b where false") +
                     of("insert into parents select generate_series(1000, 1002) returning id") +
                     of("delete from parents where id >= $1", {"1000"}) + of("select $1::text", {{}}));
    REQUIRE(got);
    const auto& [first, update, none, inserted, deleted, null] =
        std::tie(got.value()[0], got.value()[1], got.value()[2], got.value()[3], got.value()[4], got.value()[5]);
    CHECK(first.size() == 2);
    CHECK(first.is_null(0, 1));
    CHECK(first.text(0, 1).empty());
    CHECK(!first.is_null(0, 2));
    CHECK(first.text(1, 2) == "y");
    CHECK(update.affected() == 0);
    CHECK(none.empty());
    CHECK(inserted.size() == 3);
    CHECK(inserted.affected() == 3);
    CHECK(deleted.affected() == 3);
    CHECK(null.is_null(0, 0));
}

TEST_CASE("AIRI-46: when a later statement fails, the earlier ones are rolled back") {
    const auto db = open(shared().server.address());
    const auto got = run(*db, of("insert into notes (id) values (10)") + of("insert into notes (id) values (11)") +
                                  of("select 1 / $1::int", {"0"}) + of("insert into notes (id) values (12)"));
    CHECK(error_of(got) == errc::invalid);
    CHECK(cell(run(*db, of("select count(*) from notes where id between 10 and 12"))) == "0");
    CHECK(cell(run(*db, of("insert into notes (id) values (10)") +
                            of("delete from notes where id = 10 returning 'seen'"))) == "seen");
}

TEST_CASE("an error at commit is the transaction's own, and the next transaction gets its own rows") {
    const auto db = open(shared().server.address());
    std::vector<transaction> work;
    for (int i = 0; i < 12; ++i)
        work.push_back(i % 3 == 1 ? of("insert into children values ($1) returning parent", {"77"})
                                  : of("select $1::text", {std::to_string(i)}));
    const auto got = run_all(*db, std::move(work));
    for (int i = 0; i < 12; ++i)
        if (i % 3 == 1)
            CHECK(error_of(got[static_cast<std::size_t>(i)]) == errc::invalid);
        else
            CHECK(cell(got[static_cast<std::size_t>(i)]) == std::to_string(i));
    CHECK(cell(run(*db, of("select count(*) from children"))) == "0");
}

TEST_CASE("the caller is set for its own transaction only") {
    const auto db = open(shared().server.address());
    const auto who = "select coalesce(nullif(current_setting('airi.user_id', true), ''), 'nobody')";
    const auto a = user_id::fresh(), b = user_id::fresh();
    CHECK(cell(run(*db, of(who))) == "nobody");
    CHECK(cell(run(*db, by(a, of("select 1") + of(who)))) == a.text());
    CHECK(cell(run(*db, of(who))) == "nobody");
    std::vector<transaction> work;
    for (int i = 0; i < 20; ++i) {
        work.push_back(by(i % 2 ? a : b, of(who)));
        work.push_back(by(a, of("select 1 / 0")));
        work.push_back(of(who));
    }
    const auto got = run_all(*db, std::move(work));
    for (std::size_t i = 0; i < 20; ++i) {
        CHECK(cell(got[i * 3]) == (i % 2 ? a : b).text());
        CHECK(cell(got[i * 3 + 2]) == "nobody");
    }
}

TEST_CASE("row-level security shows callers their own rows and logs violations without values") {
    const auto db = open(shared().app_url);
    const auto me = user_id::fresh(), you = user_id::fresh();
    const auto add = "insert into notes values ($1, $2, $3)";
    REQUIRE(run(*db, by(me, of(add, {"20", me.text(), "mine"}))));
    REQUIRE(run(*db, by(you, of(add, {"21", you.text(), "yours"}))));
    CHECK(cell(run(*db, by(me, of("select string_agg(body, ',') from notes")))) == "mine");
    CHECK(cell(run(*db, of("select count(*) from notes"))) == "0");
    captured_log log;
    CHECK(error_of(run(*db, by(me, of(add, {"22", you.text(), "Geheimnis"})))) == errc::denied);
    CHECK(error_of(run(*db, by(me, of("select * from closed")))) == errc::unmigrated);
    const auto text = log.lines();
    CHECK(contains(text, R"("level":"error")"));
    CHECK(contains(text, "42501"));
    CHECK_FALSE(contains(text, "Geheimnis"));
    CHECK_FALSE(contains(text, you.text()));
}

TEST_CASE("each class of server errors maps to one of ours") {
    const auto db = open(shared().server.address());
    REQUIRE(run(*db, of("insert into notes (id) values (30)")));
    const auto state = "select fail($1)";
    const std::vector<std::tuple<transaction, errc, failure>> cases{
        {of("insert into notes (id) values (30)"), errc::duplicate, failure::refused},
        {of("insert into notes values (31, '', 'bad')"), errc::invalid, failure::refused},
        {of("insert into notes values (32, null)"), errc::invalid, failure::refused},
        {of("select $1::uuid", {"no uuid"}), errc::invalid, failure::refused},
        {of(state, {"40001"}), errc::conflict, failure::outage},
        {of(state, {"40P01"}), errc::conflict, failure::outage},
        {of(state, {"55P03"}), errc::busy, failure::outage},
        {of(state, {"57014"}), errc::busy, failure::outage},
        {of(state, {"AI001"}), errc::fenced, failure::again},
        {of(state, {"53100"}), errc::unavailable, failure::outage},
        {of(state, {"58030"}), errc::unavailable, failure::outage},
        {of(state, {"XX001"}), errc::damaged, failure::misconfigured},
        {of(state, {"57P01"}), errc::unavailable, failure::outage},
        {of(state, {"08006"}), errc::unavailable, failure::outage},
        {of(state, {"P0001"}), errc::broken, failure::broken},
        {of("select * from no_such_table"), errc::unmigrated, failure::misconfigured},
        {of("select no_such_column from notes"), errc::unmigrated, failure::misconfigured},
        {of("select no_such_function()"), errc::unmigrated, failure::misconfigured},
        {of("selekt"), errc::broken, failure::broken},
        {of("select $1::int", {"1", "2"}), errc::broken, failure::broken},
        {of("select $1::text", {std::string("a\0b", 3)}), errc::invalid, failure::refused},
        {of("select pg_terminate_backend(pg_backend_pid())"), errc::unavailable, failure::outage},
    };
    for (const auto& [work, code, kind] : cases) {
        CAPTURE(work.statements[0].statement->text);
        const auto got = error_of(run(*db, work));
        CHECK(got == code);
        CHECK(got == kind);
        CHECK(failure_of(got) == kind);
    }
}

TEST_CASE("every SQLSTATE that the server lists has a meaning") {
    const auto db = open(shared().server.address());
    const auto states = run(*db, of(R"(
        select distinct (regexp_match(line, '^(\w{5})\s+E\s'))[1] from pg_config c
        cross join regexp_split_to_table(pg_read_file(c.setting || '/errcodes.txt'), '\n') line
        where c.name = 'SHAREDIR' and line ~ '^\w{5}\s+E\s')"));
    REQUIRE(states);
    const auto& all = states.value().front();
    CHECK(all.size() > 200);
    for (std::size_t i = 0; i < all.size(); ++i) {
        CAPTURE(all.text(i, 0));
        const auto means = postgres::meaning_of(all.text(i, 0));
        REQUIRE(means.has_value());
        CHECK(error_of(run(*db, of("select fail($1)", {std::string(all.text(i, 0))}))) == means->code);
    }
}

TEST_CASE("a statement that waits for a lock or runs for too long meets a busy server") {
    const auto url = shared().server.address() + "?options=-c%20lock_timeout%3D50ms%20-c%20statement_timeout%3D100ms";
    const auto db = open(url), other = open(shared().server.address());
    REQUIRE(run(*other, of("create table locked (id int)")));
    boost::asio::io_context io(1);
    std::optional<test::postgres_answer> holder;
    boost::asio::co_spawn(io,
        test::run_one(other.get(), of("do $$ begin lock table locked; perform pg_sleep(1); end $$"), &holder),
        boost::asio::detached);
    io.poll();
    REQUIRE(test::becomes([&] { return error_of(run(*db, of("insert into locked values (1)"))) == errc::busy; }));
    CHECK(error_of(run(*db, of("select pg_sleep(1)"))) == errc::busy);
    io.run();
    CHECK(holder.value());
    CHECK(run(*db, of("insert into locked values (1)")));
}

TEST_CASE("a statement that fails again and again is logged once a second") {
    const auto db = open(shared().server.address());
    captured_log log;
    for (int i = 0; i < 50; ++i) CHECK_FALSE(run(*db, of("select fail($1), 'often'", {"53100"})));
    CHECK(log.count("postgres.statement_failed") >= 1);
    CHECK(log.count("postgres.statement_failed") < 10);
}

TEST_CASE("a failed statement is logged with its name, SQLSTATE, message and remedy") {
    const auto db = open(shared().app_url);
    const auto logged = [&](std::string text, values parameters = {}) {
        test::captured_log log;
        CHECK_FALSE(run(*db, of(std::move(text), std::move(parameters))));
        return log.lines();
    };
    const auto has_all = [](const std::string& line, std::initializer_list<std::string_view> parts) {
        for (const auto part : parts) CHECK(contains(line, part));
    };
    has_all(logged("select id from closed"),
        {R"("level":"error")", R"("statement":"test.)", R"("sqlstate":"42501")",
            R"("message":"permission denied for table closed")", "sql/policies/", "./airi up"});
    has_all(logged("select id from no_such_table"),
        {R"("level":"error")", R"("statement":"test.)", R"("sqlstate":"42P01")",
            R"("message":"relation \"no_such_table\" does not exist")", "sql/migrations/", "./airi up"});
    has_all(logged("select none from notes"), {R"("level":"error")", R"("sqlstate":"42703")", "none"});
    // Constraints name the rule; the message would quote the value.
    const auto admin = open(shared().server.address());
    test::captured_log log;
    CHECK_FALSE(run(*admin, of("insert into notes values (41, '', 'bad')")));
    has_all(log.lines(), {R"("sqlstate":"23514")", R"("constraint":"notes_body_check")", R"("message":"")"});
}

TEST_CASE("bad values are not logged") {
    const auto db = open(shared().server.address());
    captured_log log;
    CHECK(!run(*db, of("select $1::uuid", {"Geheimnis"})));
    CHECK(!run(*db, of("select fail($1)", {"AI001"})));
    CHECK(contains(log.lines(), "22P02"));
    CHECK_FALSE(contains(log.lines(), "Geheimnis"));
    CHECK_FALSE(contains(log.lines(), "because of"));
}

TEST_CASE("a statement that cannot be prepared affects no other, and is prepared again later") {
    const auto db = open(shared().server.address());
    const auto late = "select count(*) from made_late";
    std::vector<transaction> work{of("select 1"), of(late), of("select 2") + of(late), of("select 3")};
    const auto got = run_all(*db, std::move(work));
    CHECK(cell(got[0]) == "1");
    CHECK(error_of(got[1]) == errc::unmigrated);
    CHECK(error_of(got[2]) == errc::unmigrated);
    CHECK(cell(got[3]) == "3");
    REQUIRE(run(*db, of("create table made_late (a int)")));
    CHECK(cell(run(*db, of(late))) == "0");
}

TEST_CASE("a migration that changes a statement's result costs one outage") {
    const auto db = open(shared().server.address());
    REQUIRE(run(*db, of("create table changing as select 1 as a")));
    CHECK(cell(run(*db, of("select * from changing"))) == "1");
    REQUIRE(run(*db, of("alter table changing alter a type text using 'one'")));
    CHECK(error_of(run(*db, of("select * from changing"))) == errc::conflict);
    CHECK(cell(run(*db, of("select * from changing"))) == "one");
}

TEST_CASE("a thousand transactions at once each get their own answer") {
    const auto db = open(shared().server.address(), 8);
    REQUIRE(run(*db, of("create table many (id int primary key)")));
    std::vector<transaction> work;
    for (int i = 0; i < 1000; ++i)
        work.push_back(by(user_id::fresh(), of("insert into many values ($1) returning id", {std::to_string(i)}) +
                                                of("select $1::text", {std::to_string(i)})));
    const auto got = run_all(*db, std::move(work));
    for (std::size_t i = 0; i < got.size(); ++i) CHECK(cell(got[i]) == std::to_string(i));
    CHECK(cell(run(*db, of("select count(*) from many"))) == "1000");
}

TEST_CASE("large parameters and large results pass in both directions at once") {
    const auto db = open(shared().server.address());
    std::vector<transaction> work;
    for (int i = 0; i < 8; ++i)
        work.push_back(of("select $1::text || $1::text", {std::string(2'000'000, static_cast<char>('a' + i))}));
    for (const auto& got : run_all(*db, std::move(work))) CHECK(cell(got).size() == 4'000'000);
}

TEST_CASE("a read-only database refuses each change, with a caller too, and its next transaction reads") {
    const captured_log log;
    const auto database =
        postgres::open({.url = secret(shared().server.address()), .connections = 1, .waiting = 10, .read_only = true});
    for (const auto& change : {of("create temporary table t (a int)"), of("create table t (a int)"),
             by(user_id::fresh(), of("select set_config('transaction_read_only', 'off', true)"))})
        CHECK_FALSE(run(*database, change));
    CHECK(cell(run(*database, of("select current_setting('transaction_read_only')"))) == "on");
}
