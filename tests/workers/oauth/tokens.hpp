// ID tokens signed with a key of the tests' own. Used by the tests of the oauth worker.
#pragma once

#include "platform/base/json.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/signatures.hpp"

namespace airi::test {

// Made with openssl.
inline const std::string pem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgz8+28N+JOoZtHDSO\n"
    "sZIAqjtdogrbxQ7itv39epgIYEmhRANCAARda7ogHf7R02HS/7zlx547NgRJvpih\n"
    "+0o8nFYGmaKZ9MojphHpv6685oW0bDYdyGgJ3Pp1ezCffuM22pH95vOY\n"
    "-----END PRIVATE KEY-----\n";

/// Its public half, as a set's member of that id.
inline std::string jwk(std::string_view kid) {
    return json::object()
        .add("kty", "EC")
        .add("crv", "P-256")
        .add("kid", kid)
        .add("x", "XWu6IB3-0dNh0v-85ceeOzYESb6YoftKPJxWBpmimfQ")
        .add("y", "yiOmEem_rrzmhbRsNh3IaAnc-nV7MJ9-4zbakf3m85g")
        .text();
}
inline std::string jwks(std::string_view kid = "k1") { return "{\"keys\":[" + jwk(kid) + "]}"; }

inline std::string signed_token(std::string_view header, std::string_view claims) {
    const auto text = digest::base64url(header) + '.' + digest::base64url(claims);
    return text + '.' + digest::base64url(signatures::private_key::of_pem(secret(pem))->sign(text));
}

constexpr std::string_view es256_header = R"({"alg":"ES256","kid":"k1"})";

}  // namespace airi::test
