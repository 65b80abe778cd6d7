#include "workers/runtime/backpressure.hpp"

#include <doctest/doctest.h>

using airi::workers::backpressure;
using action = backpressure::action;

TEST_CASE("a partition is paused once at the high mark and resumed once at the low one") {
    backpressure of(4, 1);
    CHECK(of.took(3) == action::none);
    CHECK(of.took(1) == action::pause);
    CHECK(of.took(2) == action::none);
    CHECK(of.held() == 6);
    for (int i = 0; i < 4; ++i) CHECK(of.done() == action::none);
    CHECK(of.done() == action::resume);
    CHECK(of.done() == action::none);
    CHECK(of.took(4) == action::pause);
}

TEST_CASE("between the marks a partition is neither paused nor resumed") {
    backpressure of(4, 1);
    for (int i = 0; i < 100; ++i) {
        CHECK(of.took(1) == action::none);
        CHECK(of.took(1) == action::none);
        CHECK(of.done() == action::none);
        CHECK(of.done() == action::none);
    }
}
