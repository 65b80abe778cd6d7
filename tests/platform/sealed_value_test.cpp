#include "platform/crypto/sealed_value.hpp"

#include <doctest/doctest.h>

#include "platform/crypto/digest.hpp"

using namespace airi;

namespace {

constexpr std::string_view column = "users.birth_date";

}  // namespace

TEST_CASE("a sealed value opens for its user, its column and its key only") {
    const auto key = seal::key::fresh(), other = seal::key::fresh();
    const auto ann = user_id::fresh(), bob = user_id::fresh();
    const auto stored = seal::seal_value(key, ann, column, "2015-03-17");
    CHECK(stored.starts_with("sealed:users.birth_date:"));
    CHECK(stored.find("2015") == stored.npos);
    CHECK(seal::open_value(&key, ann, column, stored).value() == "2015-03-17");
    CHECK(seal::seal_value(key, ann, column, "2015-03-17") != stored);
    CHECK(seal::open_value(&key, bob, column, stored).error() == seal::errc::broken);
    CHECK(seal::open_value(&other, ann, column, stored).error() == seal::errc::broken);
    CHECK(seal::open_value(&key, ann, "users.parent_email", stored).error() == seal::errc::broken);
    const auto moved = "sealed:users.parent_email:" + stored.substr(stored.rfind(':') + 1);
    CHECK(seal::open_value(&key, ann, "users.parent_email", moved).error() == seal::errc::broken);
    CHECK(seal::open_value(nullptr, ann, column, stored).error() == seal::errc::unknown_master);
}

TEST_CASE("a value from before sealing is itself, with or without a key") {
    const auto key = seal::key::fresh();
    CHECK(seal::open_value(&key, user_id::fresh(), column, "1990-02-28").value() == "1990-02-28");
    CHECK(seal::open_value(nullptr, user_id::fresh(), column, "1990-02-28").value() == "1990-02-28");
}

TEST_CASE("a fingerprint is the same for a text in any case, and for its digest, under one key only") {
    const auto key = seal::key::fresh(), other = seal::key::fresh();
    const auto one = seal::fingerprint(key, "Grace@Example.com");
    CHECK(one.starts_with("keyed:"));
    CHECK(one.size() == 6 + 64);
    CHECK(one == seal::fingerprint(key, "grace@example.com"));
    CHECK(one == seal::fingerprint_of_digest(key, digest::sha256_hex("grace@example.com")));
    CHECK(one != seal::fingerprint(key, "grace@example.org"));
    CHECK(one != seal::fingerprint(other, "grace@example.com"));
}
