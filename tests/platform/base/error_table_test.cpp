#include "platform/base/error_table.hpp"

#include <doctest/doctest.h>

using namespace airi;

namespace {

enum class errc { full = 1, away, unlisted };

constexpr error_row<errc> rows[] = {
    {errc::full, "no room is left", failure::again},
    {errc::away, "the server is away", failure::outage},
};
constexpr error_table<errc> table("airi.example", rows);

}  // namespace

TEST_CASE("an error table gives each code its message and its kind of failure") {
    CHECK(table.code(errc::full).message() == "no room is left");
    CHECK(failure_of(table.code(errc::full)) == failure::again);
    CHECK(failure_of(table.code(errc::away)) == failure::outage);
    CHECK(std::string_view(table.code(errc::away).category().name()) == "airi.example");
    CHECK(table.code(errc::full) != table.code(errc::away));
}

TEST_CASE("a code without a row is broken") {
    CHECK(table.code(errc::unlisted).message() == "unknown");
    CHECK(failure_of(table.code(errc::unlisted)) == failure::broken);
}
