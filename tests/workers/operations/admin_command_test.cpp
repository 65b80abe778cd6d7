#include "workers/operations/admin_command.hpp"

#include <doctest/doctest.h>

using namespace airi;
using namespace airi::workers::operations;

namespace {

const instant present = parse_instant("2026-11-27T12:00:00Z").value();

std::optional<admin_command> read(const std::vector<std::string>& arguments) {
    return read_admin_command(arguments, present);
}

}  // namespace

TEST_CASE("airi-ctl reads a suspension, whose end is a time or how long it lasts") {
    const auto got = read({"users", "suspend", "a@example.com", "--reason", "spam", "--until", "2h", "--as", "ada"});
    REQUIRE(got);
    CHECK(got->mistake == "");
    CHECK(got->is == admin_act::suspend_user);
    CHECK(got->words == std::vector<std::string>{"a@example.com"});
    CHECK(got->option("until") == to_text(present + std::chrono::hours{2}));
    CHECK(got->option("as") == "ada");
    CHECK(got->option("limit") == std::nullopt);
    const auto exact = read({"users", "suspend", "u", "--until", "2026-12-01T00:00:00Z", "--reason", "x"});
    CHECK(exact->option("until") == to_text(parse_instant("2026-12-01T00:00:00Z").value()));
}

TEST_CASE("commands of airi-ctl that are no administrator's are left to their own reader") {
    CHECK_FALSE(read({}));
    CHECK_FALSE(read({"replay", "--topic", "a"}));
    CHECK_FALSE(read({"help"}));
}

TEST_CASE("airi-ctl names what is wrong in an administrator's command") {
    CHECK(read({"keys"})->mistake == "no command is named \"keys \"");
    CHECK(read({"keys", "revoke", "u"})->mistake == "KEY is missing");
    CHECK(read({"profile", "set", "a"})->mistake == "VALUE is missing");
    CHECK(read({"users", "find", "--limit"})->mistake == "--limit needs a value");
    CHECK(read({"users", "find", "--limit", "many"})->mistake == "\"many\" is no number of users");
    CHECK(read({"migrate", "apply", "--as", "ada"})->mistake == "no option is named \"--as\" here");
    CHECK(read({"users", "role", "u", "king"})->mistake == "\"king\" is no role: user, crisis, admin or super");
}
