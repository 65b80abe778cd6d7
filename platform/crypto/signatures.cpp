#include "platform/crypto/signatures.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <stdexcept>

#include "platform/crypto/digest.hpp"

namespace airi::signatures {
namespace {

template <auto Free>
struct freed {
    template <class T>
    void operator()(T* it) const noexcept {
        Free(it);
    }
};
using big_number = std::unique_ptr<BIGNUM, freed<BN_free>>;
using parameter_builder = std::unique_ptr<OSSL_PARAM_BLD, freed<OSSL_PARAM_BLD_free>>;
using parameters = std::unique_ptr<OSSL_PARAM, freed<OSSL_PARAM_free>>;
using key_context = std::unique_ptr<EVP_PKEY_CTX, freed<EVP_PKEY_CTX_free>>;
using digest_context = std::unique_ptr<EVP_MD_CTX, freed<EVP_MD_CTX_free>>;
using ecdsa_signature = std::unique_ptr<ECDSA_SIG, freed<ECDSA_SIG_free>>;
using memory_file = std::unique_ptr<BIO, freed<BIO_free_all>>;
using shared_key = std::shared_ptr<const void>;

// Clears OpenSSL's error queue: an error left by a bad key or signature would later be reported for an unrelated TLS
// connection on the same thread.
struct clear_openssl_errors {
    ~clear_openssl_errors() { ERR_clear_error(); }
};

constexpr std::size_t coordinate = 32;
constexpr std::string_view curve = "prime256v1";

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

shared_key share(EVP_PKEY* key) {
    return key ? shared_key(key,
                     [](const void* it) { EVP_PKEY_free(const_cast<EVP_PKEY*>(static_cast<const EVP_PKEY*>(it))); })
               : nullptr;
}
EVP_PKEY* raw(const shared_key& key) { return const_cast<EVP_PKEY*>(static_cast<const EVP_PKEY*>(key.get())); }

big_number number(std::string_view bytes) {
    return big_number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

std::optional<std::string> bytes_in(json::value jwk, std::string_view name, std::size_t longest) {
    const auto text = jwk[name].string();
    if (!text || text->empty() || text->size() > longest * 2) return std::nullopt;
    auto out = digest::from_base64url(*text);
    if (!out || out->size() > longest) return std::nullopt;
    return out;
}

shared_key build_key(const char* type, OSSL_PARAM_BLD* builder) {
    const parameters values(OSSL_PARAM_BLD_to_param(builder));
    const key_context context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!values || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, values.get()) != 1)
        return nullptr;
    return share(key);
}

shared_key rsa(json::value jwk) {
    const auto modulus = bytes_in(jwk, "n", 1024), exponent = bytes_in(jwk, "e", 8);
    if (!modulus || !exponent) return nullptr;
    const auto n = number(*modulus), e = number(*exponent);
    if (!n || !e || BN_num_bits(n.get()) < 2048 || !BN_is_odd(n.get()) || !BN_is_odd(e.get()) || BN_is_one(e.get()))
        return nullptr;
    const parameter_builder builder(OSSL_PARAM_BLD_new());
    if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
        return nullptr;
    return build_key("RSA", builder.get());
}

shared_key p256(json::value jwk) {
    const auto x = bytes_in(jwk, "x", coordinate), y = bytes_in(jwk, "y", coordinate);
    if (jwk["crv"].string() != "P-256" || !x || !y || x->size() != coordinate || y->size() != coordinate)
        return nullptr;
    const auto point = "\x04" + *x + *y;
    const parameter_builder builder(OSSL_PARAM_BLD_new());
    if (!builder ||
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.data(), curve.size()) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1)
        return nullptr;
    auto key = build_key("EC", builder.get());
    if (!key) return nullptr;
    const key_context check(EVP_PKEY_CTX_new_from_pkey(nullptr, raw(key), nullptr));
    return check && EVP_PKEY_public_check(check.get()) == 1 ? key : nullptr;
}

// The signature in DER, which OpenSSL expects; empty when `r_and_s` is not a signature.
std::string der_of(std::string_view r_and_s) {
    if (r_and_s.size() != 2 * coordinate) return {};
    auto r = number(r_and_s.substr(0, coordinate)), s = number(r_and_s.substr(coordinate));
    const ecdsa_signature both(ECDSA_SIG_new());
    if (!r || !s || !both || ECDSA_SIG_set0(both.get(), r.get(), s.get()) != 1) return {};
    static_cast<void>(r.release());
    static_cast<void>(s.release());
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(both.get(), &der);
    if (size <= 0) return {};
    std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return out;
}

}  // namespace

std::optional<algorithm> algorithm_of(std::string_view name) noexcept {
    if (name == "RS256") return algorithm::rs256;
    if (name == "ES256") return algorithm::es256;
    return std::nullopt;
}

std::optional<public_key> public_key::of_jwk(json::value jwk) {
    const clear_openssl_errors on_return;
    if (const auto use = jwk["use"]; use.exists() && use.string() != "sig") return std::nullopt;
    const auto type = jwk["kty"].string().value_or("");
    const auto kind = type == "RSA" ? algorithm::rs256 : algorithm::es256;
    if (const auto alg = jwk["alg"]; alg.exists() && algorithm_of(alg.string().value_or("")) != kind)
        return std::nullopt;
    auto key = type == "RSA" ? rsa(jwk) : type == "EC" ? p256(jwk) : nullptr;
    if (!key) return std::nullopt;
    return public_key(kind, std::move(key));
}

bool public_key::verify(std::string_view text, std::string_view signature) const {
    const clear_openssl_errors on_return;
    const auto der = kind_ == algorithm::es256 ? der_of(signature) : std::string(signature);
    const digest_context context(EVP_MD_CTX_new());
    return !der.empty() && context &&
           EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, raw(key_)) == 1 &&
           EVP_DigestVerify(context.get(), bytes_of(der), der.size(), bytes_of(text), text.size()) == 1;
}

std::optional<private_key> private_key::of_pem(const secret& pem) {
    const clear_openssl_errors on_return;
    const auto& text = pem.reveal();
    const memory_file file(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    // Without a callback OpenSSL would ask the terminal for the password of an encrypted key.
    const auto no_password = [](char*, int, int, void*) { return -1; };
    auto key = file ? share(PEM_read_bio_PrivateKey(file.get(), nullptr, no_password, nullptr)) : nullptr;
    std::string group(64, '\0');
    std::size_t size = 0;
    if (!key || !EVP_PKEY_is_a(raw(key), "EC") ||
        EVP_PKEY_get_group_name(raw(key), group.data(), group.size(), &size) != 1 || group.substr(0, size) != curve)
        return std::nullopt;
    return private_key(std::move(key));
}

std::string private_key::sign(std::string_view text) const {
    const digest_context context(EVP_MD_CTX_new());
    std::string der(128, '\0');
    std::size_t size = der.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, raw(key_)) != 1 ||
        EVP_DigestSign(context.get(), bytes_of(der), &size, bytes_of(text), text.size()) != 1)
        throw std::runtime_error("ES256 is not available");
    const auto* position = bytes_of(std::string_view(der));
    const ecdsa_signature both(d2i_ECDSA_SIG(nullptr, &position, static_cast<long>(size)));
    std::string out(2 * coordinate, '\0');
    if (!both || BN_bn2binpad(ECDSA_SIG_get0_r(both.get()), bytes_of(out), coordinate) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(both.get()), bytes_of(out) + coordinate, coordinate) < 0)
        throw std::runtime_error("the ES256 signature could not be encoded");
    return out;
}

}  // namespace airi::signatures
