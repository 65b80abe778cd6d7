#include "platform/postgres/batch.hpp"

#include <doctest/doctest.h>

using namespace airi;
using postgres::merged_transactions;
using postgres::prepared;
using postgres::rows;
using postgres::transaction;

namespace {

const prepared batch{"test.batch", "", {"a", "b"}, true};
const prepared plain{"test.plain", "", {"a"}};

transaction of(std::vector<postgres::bound> statements) { return {std::nullopt, std::move(statements)}; }

rows table(std::size_t columns, std::vector<std::optional<std::string>> cells) {
    rows out;
    out.columns_ = columns;
    out.cells_ = std::move(cells);
    return out;
}

}  // namespace

TEST_CASE("a group's executions of one batch statement become arrays, and others stay as they are") {
    const auto first = of({{&batch, {"x", std::nullopt}}});
    const auto second = of({{&plain, {"p"}}});
    const auto third = of({{&batch, {R"(say "\")", "{1,2}"}}});
    const auto both = of({{&batch, {"y", ""}}, {&plain, {"q"}}});
    const auto whole = merged_transactions({&first, &second, &third, &both}).take();
    REQUIRE(whole.statements.size() == 4);
    CHECK(whole.statements[0].statement == &batch);
    CHECK(whole.statements[0].parameters[0] == R"({"x","say \"\\\""})");
    CHECK(whole.statements[0].parameters[1] == R"({NULL,"{1,2}"})");
    CHECK(whole.statements[1].parameters[0] == "p");
    // A member's own statements stay in their order, so its batch is not moved to an earlier one.
    CHECK(whole.statements[2].parameters[0] == R"({"y"})");
    CHECK(whole.statements[3].parameters[0] == "q");
}

TEST_CASE("the rows of a batch are divided by their ordinals") {
    const auto first = of({{&batch, {"x", "1"}}});
    const auto second = of({{&batch, {"y", "2"}}, {&plain, {"p"}}});
    const auto third = of({{&batch, {"z", "3"}}});
    merged_transactions merged({&first, &second, &third});
    REQUIRE(merged.take().statements.size() == 3);
    const auto got = merged.divide({table(3, {"2", "third", "c", "1", "first", std::nullopt, "2", "third again", "d"}),
        table(2, {"1", "second"}), table(1, {"own"})});
    REQUIRE(got.size() == 3);
    CHECK(got[0][0].size() == 1);
    CHECK(got[0][0].columns_ == 2);
    CHECK(got[0][0].text(0, 0) == "first");
    CHECK(got[0][0].is_null(0, 1));
    CHECK(got[1][0].text(0, 0) == "second");
    CHECK(got[1][1].text(0, 0) == "own");
    CHECK(got[2][0].size() == 2);
    CHECK(got[2][0].affected() == 2);
    CHECK(got[2][0].text(1, 0) == "third again");
}

TEST_CASE("an execution without a row gets none") {
    const auto one = of({{&batch, {"x", "1"}}});
    merged_transactions merged({&one, &one});
    merged.take();
    const auto got = merged.divide({table(2, {"2", "only"})});
    CHECK(got[0][0].empty());
    CHECK(got[1][0].size() == 1);
}
