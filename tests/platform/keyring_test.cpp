#include "platform/crypto/keyring.hpp"

#include <doctest/doctest.h>

using namespace airi;

namespace {

const secret first("an evidence key of 32 bytes, or more"), second("another evidence key of 32 bytes, or more");

}  // namespace

TEST_CASE("a keyring seals with the current secret and opens what the previous one sealed, with or without a mark") {
    const seal::keyring before(first, {}, "evidence"), rotating(second, first, "evidence"),
        after(second, {}, "evidence");
    const auto old = before.seal("my words", "a place");
    CHECK(old.starts_with(before.mark()));
    CHECK(rotating.open(old, "a place").value() == "my words");
    CHECK(rotating.open(old, "another place").error() == seal::errc::broken);
    CHECK(after.open(old, "a place").error() == seal::errc::broken);
    const auto fresh = rotating.seal("my words", "a place");
    CHECK(fresh.starts_with(after.mark()));
    CHECK(rotating.mark() == after.mark());
    CHECK(after.mark() != before.mark());
    CHECK(after.open(fresh, "a place").value() == "my words");
    const auto unmarked = seal::seal(seal::key::of(first, "evidence"), "my words", "a place");
    CHECK(before.open(unmarked, "a place").value() == "my words");
    CHECK(rotating.open(unmarked, "a place").value() == "my words");
    CHECK(after.open(unmarked, "a place").error() == seal::errc::broken);
    for (const auto* text : {"", ".", "hello", "0123abcd."})
        CHECK(rotating.open(text, "a place").error() == seal::errc::broken);
}
