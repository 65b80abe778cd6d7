#include "workers/oauth/id_token.hpp"

#include <doctest/doctest.h>

#include "tests/support/cpp/print.hpp"
#include "tests/workers/oauth/tokens.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers::oauth;

namespace {

const instant at{seconds{1'800'000'000}};
const std::string nonce_hash = digest::sha256_hex("a nonce");
const key_set keys = key_set::of(jwks());

std::string claims(std::string_view more = R"("aud":"us")", std::string_view issuer = "https://p",
    std::string_view nonce = "a nonce", std::string_view times = R"("iat":1800000000,"exp":1800000300)") {
    return R"({"iss":")" + std::string(issuer) + R"(","sub":"person 1","nonce":")" + std::string(nonce) + "\"," +
           std::string(times) + "," + std::string(more) + "}";
}

result<person> read(std::string_view token, const key_set& with = keys, std::string_view issuer = "https://p") {
    return read_id_token(token, with, {issuer, {"us", "our app"}, nonce_hash, false, at});
}
error_code outcome(std::string_view body, std::string_view header = es256_header) {
    const auto got = read(signed_token(header, body));
    return got ? error_code{} : got.error();
}

}  // namespace

TEST_CASE("a valid token names its user") {
    const auto who = read(signed_token(
        es256_header, claims(R"("aud":"us","email":"Ada@example.com","email_verified":true,"name":"Ada")")));
    REQUIRE(who);
    CHECK(who->subject == "person 1");
    CHECK(who->email == "Ada@example.com");
    CHECK(who->email_verified);
    CHECK(who->name == "Ada");
    CHECK(outcome(claims(R"("aud":"our app")")) == error_code{});
    CHECK(outcome(claims(R"("aud":["us"])")) == error_code{});
    CHECK(outcome(claims(R"("aud":["us","others"],"azp":"us")")) == error_code{});
    CHECK(outcome(claims(), R"({"alg":"ES256"})") == error_code{});
}

TEST_CASE("an app's token has the hash of its nonce, never the nonce, which its thief could read") {
    const auto outcome_of_app = [](std::string_view nonce) {
        const auto got = read_id_token(signed_token(es256_header, claims(R"("aud":"our app")", "https://p", nonce)),
            keys, {"https://p", {"us", "our app"}, nonce_hash, true, at});
        return got ? error_code{} : got.error();
    };
    CHECK(outcome_of_app(nonce_hash) == error_code{});
    CHECK(outcome_of_app("a nonce") == errc::wrong_nonce);
    CHECK(outcome_of_app("") == errc::wrong_nonce);
}

TEST_CASE("a token of another issuer, client, sign-in or time is rejected") {
    CHECK(outcome(claims(R"("aud":"us")", "https://q")) == errc::wrong_issuer);
    CHECK(outcome(claims(R"("aud":"us")", "https://p/")) == errc::wrong_issuer);
    for (const std::string_view aud : {R"("aud":"others")", R"("aud":[])", R"("aud":7)", R"("x":1)",
             R"("aud":["us","others"])", R"("aud":"us","azp":"others")", R"("aud":["us","others"],"azp":"others")"})
        CHECK(outcome(claims(aud)) == errc::wrong_audience);
    CHECK(outcome(claims(R"("aud":"us")", "https://p", "another")) == errc::wrong_nonce);
    CHECK(outcome(claims(R"("aud":"us")", "https://p", "")) == errc::wrong_nonce);
    CHECK(outcome(claims(R"("aud":"us")", "https://p", nonce_hash)) == errc::wrong_nonce);
    const auto of_time = [](std::string_view times) {
        return outcome(claims(R"("aud":"us")", "https://p", "a nonce", times));
    };
    CHECK(of_time(R"("iat":1799999000,"exp":1799999941)") == error_code{});
    CHECK(of_time(R"("iat":1799999000,"exp":1799999939)") == errc::expired);
    CHECK(of_time(R"("iat":1800000060,"exp":1800000300)") == error_code{});
    CHECK(of_time(R"("iat":1800000061,"exp":1800000300)") == errc::expired);
    CHECK(of_time(R"("iat":1799900000,"exp":1800000300)") == errc::expired);
    CHECK(of_time(R"("nbf":1800000100,"iat":1800000000,"exp":1800000300)") == errc::expired);
    CHECK(of_time(R"("iat":1800000000)") == errc::malformed);
    CHECK(of_time(R"("exp":1800000300)") == errc::malformed);
    CHECK(of_time(R"("iat":"1800000000","exp":1800000300)") == errc::malformed);
}

TEST_CASE("only RS256 and ES256 with a key of the set are accepted") {
    for (const std::string_view alg : {"none", "None", "HS256", "RS512", "ES384", "EdDSA", ""})
        CHECK(outcome(claims(), R"({"alg":")" + std::string(alg) + R"(","kid":"k1"})") == errc::bad_algorithm);
    CHECK(outcome(claims(), R"({"kid":"k1"})") == errc::bad_algorithm);
    CHECK(outcome(claims(), R"({"alg":"ES256","kid":"k1","crit":["x"]})") == errc::bad_algorithm);
    CHECK(outcome(claims(), R"({"alg":"ES256","kid":"k2"})") == errc::unknown_key);
    CHECK(outcome(claims(), R"({"alg":"RS256","kid":"k1"})") == errc::unknown_key);
    // Two keys and no id: which one is meant is not guessed.
    const auto two = key_set::of("{\"keys\":[" + jwk("k1") + "," + jwk("k2") + "]}");
    CHECK(read(signed_token(R"({"alg":"ES256"})", claims()), two).error() == errc::unknown_key);
    auto token = signed_token(es256_header, claims());
    token[token.size() - 5] = token[token.size() - 5] == 'A' ? 'B' : 'A';
    CHECK(read(token).error() == errc::bad_signature);
    const auto signature = token.substr(token.rfind('.'));
    CHECK(read(digest::base64url(es256_header) + '.' + digest::base64url(claims(R"("aud":"us","more":1)")) + signature)
              .error() == errc::bad_signature);
    CHECK(read(digest::base64url(R"({"alg":"none"})") + '.' + digest::base64url(claims()) + '.').error() ==
          errc::bad_algorithm);
}

TEST_CASE("text that is not a token is rejected") {
    for (const std::string& text : {std::string(), std::string("."), std::string(".."), std::string("a.b"),
             std::string("a.b.c.d"), std::string(20'000, 'a'), signed_token("[]", claims()),
             signed_token(R"({"alg":"ES256","alg":"none"})", claims()), signed_token(es256_header, "[]"),
             signed_token(es256_header, claims(R"("aud":"us","iss":"https://p")")),
             signed_token(es256_header,
                 R"({"iss":"https://p","aud":"us","nonce":"a nonce","iat":1800000000,"exp":1800000300})")})
        CHECK(read(text).error() == errc::malformed);
    CHECK(read(signed_token(es256_header, claims(R"("aud":"us","x":")" + std::string(16'000, 'a') + "\""))).error() ==
          errc::malformed);
}

TEST_CASE("an address that no account can have is dropped, and only true counts as verified") {
    const auto email = [](std::string_view more) {
        return read(signed_token(es256_header, claims(R"("aud":"us",)" + std::string(more)))).value();
    };
    for (const std::string_view odd : {"", "ada", "@example.com", "ada@", "a@b@c", "ad a@example.com",
             "\xD0\xB0"
             "da@example.com"}) {
        const auto who = email(R"("email_verified":true,"email":")" + std::string(odd) + "\"");
        CHECK(who.email == "");
        CHECK_FALSE(who.email_verified);
    }
    CHECK(email(R"("email":"a@b.c","email_verified":"true")").email_verified);
    for (const std::string_view no : {"false", "\"false\"", "1", "null", "\"yes\"", "[true]"})
        CHECK_FALSE(email(R"("email":"a@b.c","email_verified":)" + std::string(no)).email_verified);
    CHECK_FALSE(email(R"("email":"a@b.c")").email_verified);
}

TEST_CASE("only Google may leave https:// out of its issuer") {
    const auto token = signed_token(es256_header, claims(R"("aud":"us")", "accounts.google.com"));
    CHECK(read(token, keys, "https://accounts.google.com").has_value());
    CHECK(read(signed_token(es256_header, claims(R"("aud":"us")", "p")), keys, "https://p").error() ==
          errc::wrong_issuer);
}

TEST_CASE("a key set contains the usable keys only") {
    CHECK(key_set::of("").empty());
    CHECK(key_set::of("{}").empty());
    CHECK(key_set::of(R"({"keys":{}})").empty());
    CHECK(key_set::of(R"({"keys":[{"kty":"oct","k":"AAAA"},7,null]})").empty());
    const auto some = key_set::of(R"({"keys":[{"kty":"oct","k":"AAAA"},)" + jwk("k1") + "]}");
    CHECK(some.find("k1", signatures::algorithm::es256) != nullptr);
    CHECK(some.find("k1", signatures::algorithm::rs256) == nullptr);
}
