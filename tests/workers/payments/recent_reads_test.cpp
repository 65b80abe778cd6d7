#include "workers/payments/recent_reads.hpp"

#include <doctest/doctest.h>

using airi::workers::payments::recent_reads;
using namespace std::chrono_literals;

namespace {

recent_reads::time at(std::chrono::milliseconds after) { return recent_reads::time{} + after; }

}  // namespace

TEST_CASE("a read covers the events that came before it began, of the objects that it read") {
    recent_reads recent;
    CHECK_FALSE(recent.cover("cus_1", 1, at(5ms), {"sub_1"}));
    recent.add("cus_1", 0, 1, at(10ms), {"sub_1", "in_1"});
    CHECK(recent.cover("cus_1", 1, at(5ms), {"sub_1"}));
    CHECK(recent.cover("cus_1", 1, at(9ms), {"in_1", "sub_1"}));
    CHECK_FALSE(recent.cover("cus_1", 1, at(10ms), {"sub_1"}));
    CHECK_FALSE(recent.cover("cus_1", 1, at(5ms), {"sub_1", "pi_1"}));
    CHECK_FALSE(recent.cover("cus_2", 1, at(5ms), {"sub_1"}));
}

TEST_CASE("a read covers nothing once another has stored something of the customer") {
    recent_reads recent;
    recent.add("cus_1", 0, 1, at(10ms), {"sub_1"});
    CHECK_FALSE(recent.cover("cus_1", 2, at(5ms), {"sub_1"}));
    recent.add("cus_1", 1, 2, at(20ms), {"pi_1"});
    CHECK(recent.cover("cus_1", 2, at(5ms), {"sub_1", "pi_1"}));
    recent.add("cus_1", 3, 4, at(30ms), {"pi_1"});
    CHECK_FALSE(recent.cover("cus_1", 4, at(5ms), {"sub_1"}));
    CHECK(recent.cover("cus_1", 4, at(5ms), {"pi_1"}));
}
