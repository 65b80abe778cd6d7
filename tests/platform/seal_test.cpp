#include "platform/crypto/seal.hpp"

#include <doctest/doctest.h>

#include <set>

#include "platform/crypto/digest.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using airi::test::contains;

namespace {

const secret first("an encryption key of 32 bytes, or more"), second("another encryption key of 32 bytes, or more");
const user_id ann = user_id::fresh(), bob = user_id::fresh();

// The text with one bit of its bytes changed.
std::string changed(const std::string& sealed, std::size_t at) {
    auto bytes = digest::from_base64url(sealed).value();
    bytes[at] ^= 1;
    return digest::base64url(bytes);
}

}  // namespace

TEST_CASE("sealed text of any length opens with its key at its place") {
    const auto key = seal::key::fresh();
    for (const std::size_t length : {0u, 1u, 2u, 3u, 100u, 32'000u, 512u * 1024u}) {
        const std::string text(length, 'x');
        const auto sealed = seal::seal(key, text, "topic/1");
        CHECK(sealed.size() == (length + 40) * 4 / 3 + ((length + 40) % 3 != 0));
        CHECK(seal::open(key, sealed, "topic/1").value() == text);
    }
    for (std::size_t length = 0; length < 200; ++length) {
        const auto sealed = seal::seal(key, std::string(length, 'y'), "");
        CHECK(digest::base64url(digest::from_base64url(sealed).value()) == sealed);
    }
    const std::string odd("caf\xC3\xA9 \0 \"\\\n", 11);
    CHECK(seal::open(key, seal::seal(key, odd, ""), "").value() == odd);
}

TEST_CASE("the same text is sealed differently each time") {
    const auto key = seal::key::fresh();
    std::set<std::string> all;
    for (int i = 0; i < 100; ++i) all.insert(seal::seal(key, "hello", "p"));
    CHECK(all.size() == 100);
    CHECK_FALSE(contains(*digest::from_base64url(seal::seal(key, "a deep secret", "p")), "secret"));
}

TEST_CASE("another key, another place and every changed bit are rejected") {
    const auto key = seal::key::fresh(), other = seal::key::fresh();
    const auto sealed = seal::seal(key, "hello", "topic/1/content");
    CHECK(seal::open(other, sealed, "topic/1/content").error() == seal::errc::broken);
    for (const auto* place : {"", "topic/1/conten", "topic/1/content ", "topic/2/content", "topic/1/parameters"})
        CHECK(seal::open(key, sealed, place).error() == seal::errc::broken);
    for (std::size_t i = 0; i < 45; ++i)
        CHECK(seal::open(key, changed(sealed, i), "topic/1/content").error() == seal::errc::broken);
    CHECK(make_error_code(seal::errc::broken) == failure::refused);
}

TEST_CASE("malformed sealed text is rejected") {
    const auto key = seal::key::fresh();
    const auto sealed = seal::seal(key, "hello", "");
    for (const auto& text :
        {std::string(), std::string("hello"), std::string(54, 'A'), std::string(53, 'A'), sealed + "A", sealed + "=",
            sealed.substr(1), sealed.substr(0, 59), " " + sealed, std::string("\xff\xff", 2)})
        CHECK(seal::open(key, text, "").error() == seal::errc::broken);
}

TEST_CASE("a key derived from a secret is stable for a purpose and differs between purposes") {
    const auto sealed = seal::seal(seal::key::of(first, "a"), "hello", "");
    CHECK(seal::open(seal::key::of(first, "a"), sealed, ""));
    CHECK_FALSE(seal::open(seal::key::of(first, "b"), sealed, ""));
    CHECK_FALSE(seal::open(seal::key::of(second, "a"), sealed, ""));
}

TEST_CASE("a wrapped user key opens for that user only") {
    const seal::master master(first);
    const auto key = seal::key::fresh();
    const auto wrapped = master.wrap(key, ann);
    CHECK(wrapped.size() == 2 * 76);
    const auto again = master.unwrap(wrapped, ann);
    REQUIRE(again);
    CHECK(seal::open(*again, seal::seal(key, "hello", ""), "").value() == "hello");
    CHECK(master.unwrap(wrapped, bob).error() == seal::errc::broken);
    for (std::size_t i = 8; i < wrapped.size(); i += 7) {
        auto other = wrapped;
        other[i] = other[i] == '0' ? '1' : '0';
        CHECK(master.unwrap(other, ann).error() == seal::errc::broken);
    }
    for (const auto& text : {std::string(), wrapped.substr(2), wrapped + "00", std::string(152, 'x')})
        CHECK(master.unwrap(text, ann).error() == seal::errc::broken);
}

TEST_CASE("a replaced secret unwraps as the previous one, and after that the key is unavailable, not lost") {
    const auto key = seal::key::fresh();
    const auto old = seal::master(first).wrap(key, ann);
    const seal::master rotating(second, first);
    const auto opened = rotating.unwrap(old, ann);
    REQUIRE(opened);
    const auto fresh = rotating.wrap(*opened, ann);
    CHECK(old.starts_with(rotating.previous_mark()));
    CHECK_FALSE(fresh.starts_with(rotating.previous_mark()));
    const auto after = seal::master(second).unwrap(fresh, ann);
    REQUIRE(after);
    CHECK(seal::open(*after, seal::seal(key, "hello", ""), "").value() == "hello");
    CHECK(seal::master(second).unwrap(old, ann).error() == seal::errc::unknown_master);
    CHECK(make_error_code(seal::errc::unknown_master) == failure::outage);
    CHECK(seal::master(second).previous_mark().empty());
}

TEST_CASE("mistakes in the settings are reported without values") {
    const secret nothing, small("too short, 2 of them");
    CHECK(seal::mistakes_of("ENCRYPTION_KEY", first, nothing).empty());
    CHECK(seal::mistakes_of("ENCRYPTION_KEY", first, second).empty());
    CHECK(seal::mistakes_of("ENCRYPTION_KEY", small, nothing) ==
          std::vector<std::string>{"ENCRYPTION_KEY has fewer than 32 bytes"});
    CHECK(seal::mistakes_of("ENCRYPTION_KEY", small, small).size() == 3);
    CHECK(seal::mistakes_of("ENCRYPTION_KEY", first, first) ==
          std::vector<std::string>{"ENCRYPTION_KEY_PREVIOUS is ENCRYPTION_KEY"});
}
