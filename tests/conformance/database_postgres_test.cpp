#include "tests/conformance/database_suite.hpp"
#include "tests/support/cpp/servers.hpp"

using namespace airi;
using namespace airi::test;

namespace {

const postgres::prepared adding{"names.add", "insert into names values ($1) returning name", {"name"}},
    finding{"names.find", "select name from names where name = $1", {"name"}},
    emptying{"names.empty", "truncate names", {}},
    creating{"names.create", "create table if not exists names (name text primary key)", {}};

struct real {
    static test::server& server() {
        static test::server one("postgres");
        return one;
    }

    loop io;
    const postgres::prepared &add = adding, &find = finding;
    std::unique_ptr<postgres::database> pool = postgres::open({secret(server().address()), 2});

    real() {
        for (const auto* one : {&creating, &emptying}) REQUIRE(io.run(pool->run({{}, {{one, {}}}})));
    }
    ~real() { server().start_again(); }

    postgres::database& database() { return *pool; }
    void go_away() {
        server().kill();
        REQUIRE(io.until([&] { return !pool->available(); }));
    }
    void come_back() {
        server().start();
        REQUIRE(io.until([&] { return pool->available(); }));
    }
};

}  // namespace

TEST_CASE("libpq and a server conform to the database port") { database_conforms<real>(); }
