#include "gateway/payments/webhook_signature.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "platform/crypto/digest.hpp"

using namespace airi;
using namespace airi::gateway;

namespace {

const std::array<secret, 2> secrets{secret("whsec_current"), secret("whsec_previous")};
const instant noon{seconds{1'800'000'000}};
constexpr std::string_view body = R"({"id":"evt_1","object":"event"})";

std::string v1(std::string_view time, const char* key = "whsec_current", std::string_view text = body) {
    return "v1=" + digest::hmac_sha256_hex(secret(key), std::string(time) + '.' + std::string(text));
}
signature check(const std::string& header, std::string_view text = body) {
    return check_webhook_signature(header, text, secrets, noon);
}
std::string at(std::string_view time, const char* key = "whsec_current") {
    return "t=" + std::string(time) + ',' + v1(time, key);
}

}  // namespace

TEST_CASE("a webhook is good when any of its signatures fits the current or the previous secret") {
    CHECK(check(at("1800000000")) == signature::good);
    CHECK(check(at("1800000000", "whsec_previous")) == signature::good);
    CHECK(check("t=1800000000,v1=00,v0=aa," + v1("1800000000")) == signature::good);
}

TEST_CASE("a webhook with another body, time or secret is wrong") {
    CHECK(check(at("1800000000"), R"({"id":"evt_2","object":"event"})") == signature::wrong);
    CHECK(check("t=1800000001," + v1("1800000000")) == signature::wrong);
    CHECK(check(at("1800000000", "whsec_other")) == signature::wrong);
    CHECK(check("t=1800000000,v1=") == signature::wrong);
    const std::array<secret, 1> none{secret()};
    const auto empty = "t=1800000000,v1=" + digest::hmac_sha256_hex(secret(), "1800000000." + std::string(body));
    CHECK(check_webhook_signature(empty, body, none, noon) == signature::wrong);
}

TEST_CASE("a webhook is outdated five minutes before and after its time") {
    CHECK(check(at("1799999700")) == signature::good);
    CHECK(check(at("1799999699")) == signature::outdated);
    CHECK(check(at("1800000300")) == signature::good);
    CHECK(check(at("1800000301")) == signature::outdated);
}

TEST_CASE("a signature header that is missing, doubled or no header at all is malformed") {
    for (const auto* header : {"", "t=1800000000", "v1=00", "t=,v1=00", "t=12x,v1=00", "t=99999999999999999999,v1=00",
             "t=1,t=2,v1=00", "nonsense"})
        CHECK(check(header) == signature::malformed);
    std::string many = "t=1800000000";
    for (int i = 0; i < 17; ++i) many += ",v1=00";
    CHECK(check(many) == signature::malformed);
}
