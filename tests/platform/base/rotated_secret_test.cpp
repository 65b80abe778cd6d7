#include "platform/base/rotated_secret.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "tests/support/cpp/captured_log.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/temporary_directory.hpp"

using namespace airi;
using airi::test::contains;
using airi::test::temporary_directory;

TEST_CASE("SAAS-54: a key follows its file, and every copy of it does") {
    const temporary_directory in;
    const auto file = in.write("key", "first\n");
    rotated_secret key(secret("first\n"));
    key.follow("OPENAI_API_KEY", file, seconds{0});
    const auto copy = key;
    CHECK(key.current().reveal() == "first");
    std::filesystem::rename(in.write("next", " second\n"), file);
    const test::captured_log log;
    CHECK(copy.current().reveal() == "second");
    CHECK(key.current().reveal() == "second");
    CHECK(contains(log.lines(), R"("event":"secret.changed","setting":"OPENAI_API_KEY")"));
    CHECK_FALSE(contains(log.lines(), "second"));
}

TEST_CASE("a file that is empty or gone changes nothing, and is named") {
    const temporary_directory in;
    const auto file = in.write("key", "first");
    rotated_secret key(secret("first"));
    key.follow("OPENAI_API_KEY", file, seconds{0});
    const test::captured_log log;
    std::filesystem::rename(in.write("next", "\n"), file);
    CHECK(key.current().reveal() == "first");
    std::filesystem::remove(file);
    CHECK(key.current().reveal() == "first");
    CHECK(contains(log.lines(), R"("event":"secret.unreadable","setting":"OPENAI_API_KEY")"));
}

TEST_CASE("a key without a file is the given one, without the whitespace around it") {
    CHECK(rotated_secret(secret(" key\r\n")).current().reveal() == "key");
    CHECK(rotated_secret(secret("\n")).empty());
    CHECK(rotated_secret().empty());
}
