#include "platform/crypto/digest.hpp"

#include <doctest/doctest.h>

#include <set>

#include "platform/crypto/random.hpp"

using namespace airi;

TEST_CASE("digests are those of FIPS 180-4 and RFC 4231") {
    CHECK(digest::sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(digest::sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(digest::hmac_sha256_hex(secret("Jefe"), "what do ya want for nothing?") ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("base64 is that of RFC 4648, padded") {
    CHECK(digest::base64("") == "");
    CHECK(digest::base64("f") == "Zg==");
    CHECK(digest::base64("foobar") == "Zm9vYmFy");
    CHECK(digest::base64("\xFB\xFF\xBF") == "+/+/");
}

TEST_CASE("base64url encodes and decodes") {
    CHECK(digest::base64url("") == "");
    CHECK(digest::base64url("f") == "Zg");
    CHECK(digest::base64url("fo") == "Zm8");
    CHECK(digest::base64url("foobar") == "Zm9vYmFy");
    CHECK(digest::base64url("\xfb\xff\xfe") == "-__-");
    for (std::size_t size = 0; size < 70; ++size) {
        const auto bytes = random::bytes(size);
        CHECK(digest::from_base64url(digest::base64url(bytes)) == bytes);
    }
}

TEST_CASE("base64url accepts one encoding of a value") {
    for (auto wrong : {"Zg==", "Zg=", "Zh", "Zm9", "Z", "Zm9vY", "-_+-", "-_/-", "Zg ", " Zg", "Z\ng", "Zm8."})
        CHECK_MESSAGE(!digest::from_base64url(wrong).has_value(), wrong);
    CHECK_FALSE(digest::from_base64url(std::string_view("Zg\0", 3)).has_value());
}

TEST_CASE("comparison is right for equal and different texts") {
    CHECK(digest::equal("", ""));
    CHECK(digest::equal("abc", "abc"));
    CHECK_FALSE(digest::equal("abc", "abd"));
    CHECK_FALSE(digest::equal("abc", "abcd"));
}

TEST_CASE("random tokens are URL-safe and differ") {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(random::token());
    CHECK(seen.size() == 1000);
    CHECK(seen.begin()->size() == 43);
    CHECK(digest::from_base64url(*seen.begin())->size() == 32);
    CHECK(random::token(16).size() == 22);
}
