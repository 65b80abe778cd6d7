#include "workers/runtime/consumer_groups.hpp"

#include <doctest/doctest.h>

namespace groups = airi::workers::consumer_groups;

// Another value would read a week of records again: mails would be sent twice.
TEST_CASE("the consumer groups keep their names whatever the workers are called") {
    CHECK(groups::chat == "chat");
    CHECK(groups::email == "mail");
    CHECK(groups::exports == "privacy");
    CHECK(groups::memory == "memory");
    CHECK(groups::moderation == "moderation");
    CHECK(groups::oauth == "identity");
    CHECK(groups::usage == "usage");
}
