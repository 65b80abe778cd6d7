#include <doctest/doctest.h>

#include "platform/kafka/commit_state.hpp"

using namespace airi::kafka;

namespace {

const partition_id first{"t", 0};
const partition_id second{"t", 1};

}  // namespace

TEST_CASE("only finished offsets that are not stored are due") {
    commit_state book;
    book.assign({first, second});
    book.handed_over(first, 10);
    book.handed_over(first, 11);
    CHECK(book.due().empty());
    book.finished(first, 11);
    book.finished(first, 12);
    CHECK(book.due() == offsets{{first, 12}});
    book.stored(first, 11);
    CHECK(book.due() == offsets{{first, 12}});
    book.stored(first, 12);
    CHECK(book.due().empty());
}

TEST_CASE("a revoked partition has nothing due and ignores later calls") {
    commit_state book;
    book.assign({first, second});
    book.handed_over(first, 3);
    book.finished(first, 4);
    book.revoke({first});
    CHECK(book.due().empty());
    book.finished(first, 5);
    CHECK(book.due().empty());
    CHECK(book.assigned(second));
    CHECK_FALSE(book.assigned(first));
}

TEST_CASE("a late call from an earlier assignment does not move the group back") {
    commit_state book;
    book.assign({first});
    book.handed_over(first, 5);
    book.revoke({first});
    book.assign({first});
    book.finished(first, 6);
    CHECK(book.due().empty());
    book.handed_over(first, 100);
    book.finished(first, 6);
    book.finished(first, 100);
    CHECK(book.due().empty());
    book.finished(first, 101);
    CHECK(book.due() == offsets{{first, 101}});
}

TEST_CASE("the position is the offset after the last record handed over") {
    commit_state book;
    book.assign({first});
    CHECK(book.position(first) == -1);
    book.handed_over(first, 41);
    CHECK(book.position(first) == 42);
    CHECK(book.position(second) == -1);
}

TEST_CASE("all is settled when every record handed over is stored") {
    commit_state book;
    book.assign({first, second});
    CHECK(book.settled());
    book.handed_over(first, 7);
    book.handed_over(second, 3);
    CHECK_FALSE(book.settled());
    book.finished(first, 8);
    book.stored(first, 8);
    CHECK_FALSE(book.settled());
    book.finished(second, 4);
    book.stored(second, 4);
    CHECK(book.settled());
    book.handed_over(first, 8);
    CHECK_FALSE(book.settled());
    book.revoke({first});
    CHECK(book.settled());
}
