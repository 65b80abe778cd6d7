#include "platform/crypto/totp.hpp"

#include <doctest/doctest.h>

using namespace airi;

namespace {

// The key of RFC 6238, appendix B, for SHA-1.
constexpr std::string_view seed = "12345678901234567890";

instant at(std::int64_t seconds) { return instant{std::chrono::seconds{seconds}}; }

}  // namespace

TEST_CASE("one-time codes are the last six digits of those in RFC 6238") {
    const std::pair<std::int64_t, std::string_view> vectors[] = {{59, "94287082"}, {1111111109, "07081804"},
        {1111111111, "14050471"}, {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};
    for (const auto& [seconds, code] : vectors)
        CHECK(totp::code_of(seed, totp::step_of(at(seconds))) == code.substr(2));
}

TEST_CASE("a code of the current or the previous step matches, and none of the next one") {
    const auto now = at(1111111111);
    const auto step = totp::step_of(now);
    for (const auto offset : {-3, -2, 1, 2}) {
        CAPTURE(offset);
        CHECK_FALSE(totp::matching_step(seed, totp::code_of(seed, step + offset), now));
    }
    CHECK(totp::matching_step(seed, totp::code_of(seed, step), now) == step);
    CHECK(totp::matching_step(seed, totp::code_of(seed, step - 1), now) == step - 1);
    for (const auto* code : {"", "05047", "0504710", "050472", "x50471"})
        CHECK_FALSE(totp::matching_step(seed, code, now));
}

TEST_CASE("seeds are shown in base32 as RFC 4648 has it, without padding") {
    CHECK(totp::base32("") == "");
    CHECK(totp::base32("f") == "MY");
    CHECK(totp::base32("fo") == "MZXQ");
    CHECK(totp::base32("foobar") == "MZXW6YTBOI");
}
