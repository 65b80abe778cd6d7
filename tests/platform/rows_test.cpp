#include <doctest/doctest.h>

#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/loop.hpp"

using namespace airi;

namespace {

postgres::rows two_rows() {
    postgres::rows out;
    out.columns_ = 5;
    out.cells_ = {
        "0190a000-0000-7000-8000-000000000001", "Ada", "t", "42", "1.5",       //
        std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt,  //
    };
    return out;
}

}  // namespace

TEST_CASE("a cell is read as the type that is asked for, and NULL as its default") {
    const auto rows = two_rows();
    CHECK(rows.id<user_id>(0, 0)->text() == "0190a000-0000-7000-8000-000000000001");
    CHECK(rows.optional_text(0, 1) == "Ada");
    CHECK(rows.boolean(0, 2));
    CHECK(rows.integer(0, 3) == 42);
    CHECK(rows.number(0, 4) == 1.5);
    CHECK_FALSE(rows.id<user_id>(1, 0));
    CHECK_FALSE(rows.optional_text(1, 1));
    CHECK_FALSE(rows.boolean(1, 2));
    CHECK(rows.integer(1, 3) == 0);
    CHECK(rows.number(1, 4) == 0);
}

TEST_CASE("a row is read column by column") {
    const auto rows = two_rows();
    const auto [id, name, is_new, count, price] = rows.read<user_id, std::string, bool, int, double>(0);
    CHECK(id == user_id::parse("0190a000-0000-7000-8000-000000000001"));
    CHECK(name == "Ada");
    CHECK(is_new);
    CHECK(count == 42);
    CHECK(price == 1.5);
    const auto [no_id, no_name, no_flag] =
        rows.read<std::optional<user_id>, std::optional<std::string_view>, std::optional<bool>>(1);
    CHECK_FALSE(no_id);
    CHECK_FALSE(no_name);
    CHECK_FALSE(no_flag);
}

TEST_CASE("one statement runs as the caller's own transaction, and its rows or its error come back") {
    const postgres::prepared statement{"example.find", "select 1", {}};
    const auto user = user_id::fresh();
    test::loop loop;
    test::fake_database database;
    database.answer = [](const postgres::bound&) { return test::cell("1"); };
    const auto rows = loop.run(postgres::run_one(database, user, {&statement, {}}));
    REQUIRE(rows.has_value());
    CHECK(rows->integer(0, 0) == 1);
    CHECK(database.committed.size() == 1);
    database.answer = [](const postgres::bound&) -> result<postgres::rows> { return postgres::errc::conflict; };
    const auto failed = loop.run(postgres::run_one(database, std::nullopt, {&statement, {}}));
    CHECK(failed.error() == postgres::errc::conflict);
}
