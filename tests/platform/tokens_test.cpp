#include "platform/crypto/tokens.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

#include "platform/crypto/digest.hpp"

namespace {

using namespace airi;
using tokens::errc;
using tokens::key;
using tokens::keyring;
using tokens::replaced_key;

const tokens::parties parties{"https://airi.example", "airi"};
const secret first("0123456789abcdef0123456789abcdef");
const secret second("fedcba9876543210fedcba9876543210");
const auto issued = instant(seconds(1767225600));
const auto later = issued + seconds(60);

const tokens::claims ann{.user = *user_id::parse("0190a0b0-c0d0-7000-8000-000000000001"),
    .session = *session_id::parse("0190a0b0-c0d0-7000-8000-000000000002"),
    .email = "ann@example.org",
    .role = "user",
    .issued = issued,
    .expires = issued + seconds(3600)};

// Made with Python's hmac and base64.
constexpr auto known_token =
    "eyJhbGciOiJIUzI1NiIsImtpZCI6ImQwNzBhN2QyZGExZiIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL"
    "2FpcmkuZXhhbXBsZSIsImF1ZCI6ImFpcmkiLCJzdWIiOiIwMTkwYTBiMC1jMGQwLTcwMDAtODAwMC0wMDAwMDAwMDA"
    "wMDEiLCJzaWQiOiIwMTkwYTBiMC1jMGQwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDIiLCJlbWFpbCI6ImFubkBleGFtc"
    "GxlLm9yZyIsInJvbGUiOiJ1c2VyIiwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjE3NjcyMjkyMDB9.ez9BlvfoQU-ll_"
    "IBM78rRiGT8oo5oKLqDjeGen524ck";

const std::string kid = key::of(first).kid;
const std::string good_header = R"({"alg":"HS256","kid":")" + kid + R"(","typ":"at+jwt"})";
const std::string good_body =
    R"({"iss":"https://airi.example","aud":"airi","sub":"0190a0b0-c0d0-7000-8000-000000000001",)"
    R"("sid":"0190a0b0-c0d0-7000-8000-000000000002",)"
    R"("email":"e","role":"r","iat":1767225600,"exp":1767229200})";

std::string signed_with(const secret& with, const std::string& header, const std::string& body) {
    const auto text = digest::base64url(header) + "." + digest::base64url(body);
    return text + "." + digest::base64url(digest::hmac_sha256(with, text));
}
std::string forged(const std::string& header, const std::string& body = good_body) {
    return signed_with(first, header, body);
}
std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const auto at = text.find(what);
    REQUIRE(at != text.npos);
    return text.replace(at, what.size(), by);
}
error_code outcome(std::string_view token, instant at = later) {
    const auto got = keyring(parties, key::of(first)).verify(token, at);
    return got ? error_code() : got.error();
}

}  // namespace

TEST_CASE("the signature is that of RFC 7515 appendix A.1") {
    const auto secret_of_a1 = digest::from_base64url(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
    CHECK(digest::base64url(digest::hmac_sha256(secret(*secret_of_a1),
              "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
              "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
              "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ")) == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
}

TEST_CASE("a token equals the one of another implementation and is read back") {
    const keyring ring(parties, key::of(first));
    CHECK(ring.sign(ann) == known_token);
    REQUIRE(ring.verify(known_token, later).has_value());
    CHECK(*ring.verify(known_token, later) == ann);
    CHECK(outcome(forged(good_header)) == error_code());
    CHECK(outcome(forged(R"({"typ":"at+jwt","kid":")" + kid + R"(", "alg":"HS256"})")) == error_code());
}

TEST_CASE("SAAS-54: a replaced key verifies until its time, a removed one does not") {
    const auto old_token = keyring(parties, key::of(first)).sign(ann);
    const keyring rotated(parties, key::of(second), replaced_key{key::of(first), later + seconds{1}});
    CHECK(rotated.verify(old_token, later).has_value());
    CHECK(rotated.verify(old_token, later + seconds{1}).error() == errc::bad_signature);
    CHECK(rotated.verify(rotated.sign(ann), later).has_value());
    CHECK(keyring(parties, key::of(first)).verify(rotated.sign(ann), later).error() == errc::bad_signature);
    CHECK(keyring(parties, key::of(second)).verify(old_token, later).error() == errc::bad_signature);
    const auto mixed = signed_with(second, good_header, good_body);
    CHECK(rotated.verify(mixed, later).error() == errc::bad_signature);
}

TEST_CASE("short secrets and duplicate key ids are rejected at start") {
    CHECK_THROWS_AS(keyring(parties, key::of(secret("too short"))), std::invalid_argument);
    CHECK_THROWS_AS(keyring(parties, key::of(first), replaced_key{key::of(first), later}), std::invalid_argument);
}

TEST_CASE("an expired token has no grace, a clock ahead has thirty seconds") {
    CHECK(outcome(known_token, ann.expires - seconds(1)) == error_code());
    CHECK(outcome(known_token, ann.expires) == errc::expired);
    CHECK(outcome(known_token, issued - seconds(30)) == error_code());
    CHECK(outcome(known_token, issued - seconds(31)) == errc::expired);
    CHECK(outcome(forged(good_header, replaced(good_body, "{", R"({"nbf":1767226000,)"))) == errc::expired);
    CHECK(outcome(forged(good_header, replaced(good_body, "{", R"({"nbf":1767225600,)"))) == error_code());
    CHECK(failure_of(outcome(known_token, ann.expires)) == failure::refused);
}

TEST_CASE("signed tokens with a header other than HS256 and a known key are rejected") {
    for (auto algorithm : {"none", "None", "nOnE", "", "hs256", "HS384", "HS512", "RS256", "ES256", "HS256 "})
        CHECK_MESSAGE(outcome(forged(replaced(good_header, "HS256", algorithm))) == errc::malformed, algorithm);
    for (auto extra : {R"("crit":["exp"])", R"("crit":[])", R"("jwk":{"kty":"oct","k":"AA"})", R"("jku":"https://e/k")",
             R"("x5u":"https://e/c")", R"("x5c":[])", R"("typ":"JWE")", R"("typ":null)", R"("b64":false)",
             R"("alg":"HS256")", R"("\u0061lg":"HS256")", R"("alg":"none")", R"("zip":"DEF")"})
        CHECK_MESSAGE(
            outcome(forged(replaced(good_header, "{", std::string("{") + extra + ","))) == errc::malformed, extra);
    for (auto header : {"{}", "[]", "null", "\"HS256\"", "", "{", R"({"alg":"HS256","typ":"at+jwt"})",
             R"({"alg":null,"kid":"a","typ":"at+jwt"})", R"({"alg":["HS256"],"kid":"a","typ":"at+jwt"})",
             R"({"alg":"HS256","kid":"","typ":"at+jwt"})", R"({"alg":"HS256","kid":7,"typ":"at+jwt"})",
             R"({"alg":"HS256","kid":"a"})"})
        CHECK_MESSAGE(outcome(forged(header)) == errc::malformed, header);
    for (auto other : {"../../dev/null", "' or 1=1 --", "unknown"})
        CHECK_MESSAGE(outcome(forged(replaced(good_header, kid, other))) == errc::bad_signature, other);
}

TEST_CASE("signed tokens with missing, repeated or mistyped claims are rejected") {
    for (auto name : {"\"iss\"", "\"aud\"", "\"sub\"", "\"sid\"", "\"email\"", "\"role\"", "\"iat\"", "\"exp\""})
        CHECK_MESSAGE(outcome(forged(good_header, replaced(good_body, name, "\"other\""))) == errc::malformed, name);
    for (auto extra :
        {R"("exp":9999999999)", R"("role":"admin")", R"("s\u0075b":"x")", R"("nbf":"x")", R"("nbf":null)"})
        CHECK_MESSAGE(
            outcome(forged(good_header, replaced(good_body, "{", std::string("{") + extra + ","))) == errc::malformed,
            extra);
    for (auto time : {"\"1767229200\"", "1767229200.0", "1767229200.5", "-1", "1e400", "99999999999999", "null", "true",
             "1767225600", "0"})
        CHECK_MESSAGE(outcome(forged(good_header, replaced(good_body, "1767229200", time))) == errc::malformed, time);
    CHECK(outcome(forged(good_header, replaced(good_body, "0190a0b0", "x"))) == errc::malformed);
    CHECK(outcome(forged(good_header, replaced(good_body, "\"e\"", "7"))) == errc::malformed);
    CHECK(outcome(forged(good_header, replaced(good_body, "\"e\"", "\"\xff\""))) == errc::malformed);
    for (auto body : {"", "{}", "[]", "null", "{", "1"})
        CHECK_MESSAGE(outcome(forged(good_header, body)) == errc::malformed, body);
    CHECK(outcome(forged(good_header, good_body + "{}")) == errc::malformed);
}

TEST_CASE("a token of another kind, issuer or audience is rejected") {
    for (auto type : {"JWT", "at+JWT", "application/at+jwt", "dpop+jwt", ""})
        CHECK_MESSAGE(outcome(forged(replaced(good_header, "at+jwt", type))) == errc::malformed, type);
    CHECK(outcome(forged(replaced(good_header, R"(,"typ":"at+jwt")", ""))) == errc::malformed);
    for (auto issuer : {"https://airi.example/", "https://airi.example.org", "http://airi.example", ""})
        CHECK_MESSAGE(
            outcome(forged(good_header, replaced(good_body, "https://airi.example", issuer))) == errc::malformed,
            issuer);
    for (auto audience : {R"("airi2")", R"("")", R"(["airi"])", "null"})
        CHECK_MESSAGE(outcome(forged(good_header, replaced(good_body, R"("aud":"airi")",
                                                      std::string(R"("aud":)") + audience))) == errc::malformed,
            audience);
    const keyring other({"https://other.example", "airi"}, key::of(first));
    CHECK(other.verify(known_token, later).error() == errc::malformed);
}

TEST_CASE("a token with one character changed, added or removed is rejected") {
    const std::string token = known_token;
    for (std::size_t i = 0; i < token.size(); ++i) {
        auto changed = token;
        changed[i] = token[i] == 'A' ? 'B' : 'A';
        CHECK_MESSAGE(outcome(changed), i);
        CHECK_MESSAGE(outcome(token.substr(0, i)), i);
        CHECK_MESSAGE(outcome(std::string(token).erase(i, 1)), i);
        for (char extra : {'=', '+', '/', ' ', '.', '\n', '\0', 'A', '%'})
            CHECK_MESSAGE(outcome(std::string(token).insert(i, 1, extra)), i);
    }
    for (auto after : {"=", "A", ".", " ", "\n", ".A", "==", "%00"}) CHECK_MESSAGE(outcome(token + after), after);
}

TEST_CASE("the last character of a signature has one encoding") {
    const std::string token = known_token;
    int accepted = 0;
    for (char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
        accepted += !outcome(token.substr(0, token.size() - 1) + c);
    CHECK(accepted == 1);
}

TEST_CASE("malformed tokens are rejected") {
    const std::string token = known_token;
    const auto body_start = token.find('.'), signature = token.rfind('.');
    for (const auto& wrong : {std::string(), std::string("."), std::string(".."), std::string("..."),
             std::string("a.b.c"), token.substr(0, signature), token.substr(0, signature + 1), token.substr(body_start),
             token + "." + token, token.substr(0, body_start) + token.substr(signature),
             digest::base64url(R"({"alg":"none"})") + token.substr(body_start, signature - body_start + 1)})
        CHECK_MESSAGE(outcome(wrong) == errc::malformed, wrong);
    CHECK(outcome(std::string(1'000'000, 'A')) == errc::malformed);
    CHECK(outcome(forged(good_header, replaced(good_body, "\"e\"", '"' + std::string(4000, 'e') + '"'))) ==
          errc::malformed);
}
