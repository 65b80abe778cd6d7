#include "workers/chat/calculator.hpp"

#include <doctest/doctest.h>

#include <string>

using airi::workers::chat::calculate;

TEST_CASE("an expression is computed by the usual rules") {
    CHECK(calculate("2+3*4") == 14);
    CHECK(calculate(" ( 2 + 3 ) * -4 ") == -20);
    CHECK(calculate("-2^2") == -4);
    CHECK(calculate("2^3^2") == 512);
    CHECK(calculate("2^-1") == 0.5);
    CHECK(calculate("1.5e3/2") == 750);
    CHECK(calculate("7-2-1") == 4);
}

TEST_CASE("what is no expression, or has no finite value, is not computed") {
    for (const auto* wrong :
        {"", " ", "2+", "(2", "2)", "two", "2 3", "1/0", "9^9^9^9", "0x10", "inf", "nan", "--", "1e999"})
        CHECK_MESSAGE(!calculate(wrong), wrong);
    CHECK(!calculate(std::string(100'000, '(')));
    CHECK(!calculate(std::string(100'000, '-') + "1"));
}
