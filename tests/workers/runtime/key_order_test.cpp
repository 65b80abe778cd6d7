#include "workers/runtime/key_order.hpp"

#include <doctest/doctest.h>

using airi::workers::key_order;

TEST_CASE("one record of a key is in work, the others are queued in order") {
    key_order<int> of;
    int one = 1, two = 2, three = 3;
    CHECK(of.enter("k", one));
    CHECK_FALSE(of.enter("k", two));
    CHECK_FALSE(of.enter("k", three));
    CHECK(of.waiting() == 2);
    CHECK(of.leave("k") == 2);
    CHECK(of.leave("k") == 3);
    CHECK_FALSE(of.leave("k"));
    CHECK(of.enter("k", one));
}

TEST_CASE("keys do not wait for each other, and a key that is done is removed") {
    key_order<int> of;
    int record = 0;
    CHECK(of.enter("a", record));
    CHECK(of.enter("b", record));
    CHECK(of.keys() == 2);
    CHECK_FALSE(of.leave("a"));
    CHECK_FALSE(of.leave("b"));
    CHECK(of.keys() == 0);
    CHECK_FALSE(of.leave("never seen"));
}
