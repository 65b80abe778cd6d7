#include "platform/crypto/signatures.hpp"

#include <doctest/doctest.h>

#include "platform/crypto/digest.hpp"

using namespace airi;
using signatures::algorithm;
using signatures::private_key;
using signatures::public_key;

namespace {

// RFC 7515 appendices A.2 and A.3.
const std::string rsa_n =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-"
    "pCgNMsD1W_YpRPEwOWvG6b32690r2j"
    "Z47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"
    "UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWN"
    "moudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const std::string rsa_jwk = R"({"kty":"RSA","n":")" + rsa_n + R"(","e":"AQAB")";
const std::string ec_jwk =
    R"({"kty":"EC","crv":"P-256",)"
    R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")";
const std::string payload =
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const std::string rsa_signature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
    "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZ"
    "LgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
    "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6"
    "LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const std::string ec_signature =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

// Made with openssl.
const secret pem(
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgz8+28N+JOoZtHDSO\n"
    "sZIAqjtdogrbxQ7itv39epgIYEmhRANCAARda7ogHf7R02HS/7zlx547NgRJvpih\n"
    "+0o8nFYGmaKZ9MojphHpv6685oW0bDYdyGgJ3Pp1ezCffuM22pH95vOY\n"
    "-----END PRIVATE KEY-----\n");
const std::string pem_jwk =
    R"({"kty":"EC","crv":"P-256",)"
    R"("x":"XWu6IB3-0dNh0v-85ceeOzYESb6YoftKPJxWBpmimfQ","y":"yiOmEem_rrzmhbRsNh3IaAnc-nV7MJ9-4zbakf3m85g")";
const secret other_curve(
    "-----BEGIN PRIVATE KEY-----\n"
    "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDfooBhGkG2l2bRbgu0\n"
    "uHvhgxsPhxuw/z+/LQqZNV5x9qgs1XIlrfW/bihiSulNV++hZANiAART7THJNHhy\n"
    "tBD7sfMmdosyXoatNgY9u6G7mopuwa6iT1Z96hnZMnRqTuFQVKdDPZnYTjmZDPvy\n"
    "5LGIwM0+eFfnd1GgNYlOq+Kw67ShEHad4EGOh0RgBut0YR4o1l0bgqE=\n"
    "-----END PRIVATE KEY-----\n");

std::optional<public_key> key_of(const std::string& members) {
    const auto parsed = json::document::parse(members + "}");
    REQUIRE(parsed.has_value());
    return public_key::of_jwk(parsed->root());
}

std::string bytes(const std::string& encoded) { return digest::from_base64url(encoded).value(); }
std::string replaced(std::string text, std::string_view what, std::string_view by) {
    return text.replace(text.find(what), what.size(), by);
}

}  // namespace

TEST_CASE("the signatures of RFC 7515 verify, altered ones do not") {
    const auto rsa = key_of(rsa_jwk), ec = key_of(ec_jwk);
    REQUIRE(rsa);
    REQUIRE(ec);
    CHECK(rsa->kind() == algorithm::rs256);
    CHECK(ec->kind() == algorithm::es256);
    const auto rsa_text = "eyJhbGciOiJSUzI1NiJ9" + payload, ec_text = "eyJhbGciOiJFUzI1NiJ9" + payload;
    CHECK(rsa->verify(rsa_text, bytes(rsa_signature)));
    CHECK(ec->verify(ec_text, bytes(ec_signature)));
    CHECK_FALSE(rsa->verify(rsa_text + "x", bytes(rsa_signature)));
    CHECK_FALSE(ec->verify(ec_text + "x", bytes(ec_signature)));
    CHECK_FALSE(rsa->verify(ec_text, bytes(ec_signature)));
    CHECK_FALSE(ec->verify(rsa_text, bytes(rsa_signature)));
    auto turned = bytes(ec_signature);
    turned[63] ^= 1;
    CHECK_FALSE(ec->verify(ec_text, turned));
    for (const std::string& none :
        {std::string(), std::string(64, '\0'), std::string(63, 'x'), std::string(65, 'x'), std::string(64, '\xff')})
        CHECK_FALSE(ec->verify(ec_text, none));
    CHECK_FALSE(rsa->verify(rsa_text, ""));
    CHECK_FALSE(rsa->verify(rsa_text, std::string(256, '\0')));
}

TEST_CASE("keys for another use, weak keys and malformed keys are rejected") {
    CHECK(key_of(rsa_jwk + R"(,"use":"sig","alg":"RS256")"));
    CHECK_FALSE(key_of(rsa_jwk + R"(,"use":"enc")"));
    CHECK_FALSE(key_of(rsa_jwk + R"(,"alg":"RS512")"));
    CHECK_FALSE(key_of(rsa_jwk + R"(,"alg":"HS256")"));
    CHECK_FALSE(key_of(rsa_jwk + R"(,"alg":"ES256")"));
    CHECK_FALSE(key_of(R"({"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0")"));
    CHECK_FALSE(key_of(
        R"({"kty":"RSA","e":"AQAB",)"
        R"("n":"vtKJxf0WizgUMf8XRl6MC6A-i6IKiAcjXCbnraZhqo7aZ9kISmfYyc9IENtMEjyHfgR3--CVhTFiHH0a09sCmSWCGJh_IMSMiMp)"
        R"(-G5TSBMnf2uM7XzLfItRMdQDrrtaCMBGqn0aOsMJWUDrm1HX5XT5-5hlWm4BHPgsBqFSZ-aE")"));
    CHECK_FALSE(key_of(replaced(rsa_jwk, "AQAB", "AQ")));
    CHECK_FALSE(key_of(replaced(rsa_jwk, "AQAB", "AgAA")));
    CHECK_FALSE(key_of(replaced(rsa_jwk, "ofgW", "====")));
    CHECK_FALSE(key_of(R"({"kty":"RSA","n":7,"e":"AQAB")"));
    CHECK_FALSE(key_of("{"));
    CHECK_FALSE(key_of(replaced(ec_jwk, "P-256", "P-384")));
    CHECK_FALSE(key_of(replaced(ec_jwk, "x_FEzR", "x_FEzS")));  // not on the curve
    CHECK_FALSE(key_of(replaced(ec_jwk, "f83OJ3", "83OJ3")));
    CHECK_FALSE(signatures::algorithm_of("none"));
    CHECK_FALSE(signatures::algorithm_of("HS256"));
    CHECK_FALSE(signatures::algorithm_of("rs256"));
}

TEST_CASE("a signature verifies with its public key, and only P-256 keys sign") {
    const auto key = private_key::of_pem(pem);
    const auto counterpart = key_of(pem_jwk);
    REQUIRE(key);
    REQUIRE(counterpart);
    for (int i = 0; i < 50; ++i) {
        const auto text = "text " + std::to_string(i);
        const auto signature = key->sign(text);
        CHECK(signature.size() == 64);
        CHECK(counterpart->verify(text, signature));
        CHECK_FALSE(counterpart->verify(text + ".", signature));
    }
    CHECK_FALSE(private_key::of_pem(other_curve));
    CHECK_FALSE(private_key::of_pem(secret("")));
    CHECK_FALSE(private_key::of_pem(secret("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")));
}
