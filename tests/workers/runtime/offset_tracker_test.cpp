#include "workers/runtime/offset_tracker.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

using airi::workers::offset_tracker;

TEST_CASE("records that finish in order are committed one after the other") {
    offset_tracker of;
    for (int i = 0; i < 3; ++i) of.started(i);
    CHECK(of.finished(0) == 1);
    CHECK(of.finished(1) == 2);
    CHECK(of.finished(2) == 3);
    CHECK(of.in_work() == 0);
}

TEST_CASE("no offset beyond an unfinished record is committed") {
    offset_tracker of;
    for (int i = 10; i < 14; ++i) of.started(i);
    CHECK_FALSE(of.finished(13));
    CHECK_FALSE(of.finished(11));
    CHECK(of.finished(10) == 12);
    CHECK(of.finished(12) == 14);
}

TEST_CASE("gaps between offsets are committed with the record behind them") {
    offset_tracker of;
    of.started(5);
    of.started(9);
    CHECK(of.finished(5) == 9);
    of.started(20);
    CHECK(of.finished(9) == 20);
    CHECK(of.finished(20) == 21);
}

TEST_CASE("commits rise and never pass an unfinished record, in whatever order records finish") {
    std::mt19937 random(42);
    for (int round = 0; round < 300; ++round) {
        offset_tracker of;
        std::set<std::int64_t> open;
        std::int64_t offset = random() % 1000, committed = -1;
        for (int step = 0; step < 200; ++step) {
            if (open.empty() || random() % 2) {
                offset += 1 + (random() % 5 == 0 ? random() % 4 : 0);
                of.started(offset);
                open.insert(offset);
                continue;
            }
            const auto done = *std::next(open.begin(), static_cast<std::ptrdiff_t>(random() % open.size()));
            open.erase(done);
            if (const auto next = of.finished(done)) {
                if (*next <= committed || (!open.empty() && *next > *open.begin()) || *next > offset + 1)
                    FAIL("commit " << *next);
                committed = *next;
            }
        }
        while (!open.empty()) {
            const auto done = *open.rbegin();
            open.erase(done);
            if (const auto next = of.finished(done)) committed = *next;
        }
        if (committed != offset + 1) FAIL("ends at " << committed << ", not " << offset + 1);
    }
}
