#include "platform/crypto/digest.hpp"

#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <sodium.h>

#include <stdexcept>

namespace airi::digest {
namespace {

constexpr int url_alphabet = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string encoded(std::string_view bytes, int alphabet) {
    std::string out(sodium_base64_encoded_len(bytes.size(), alphabet), '\0');
    sodium_bin2base64(out.data(), out.size(), bytes_of(bytes), bytes.size(), alphabet);
    out.pop_back();  // libsodium's length includes the terminator
    return out;
}

}  // namespace

std::string sha256(std::string_view text) {
    std::string out(SHA256_DIGEST_LENGTH, '\0');
    SHA256(bytes_of(text), text.size(), bytes_of(out));
    return out;
}

std::string hmac_sha256(const secret& key, std::string_view text) {
    std::string out(SHA256_DIGEST_LENGTH, '\0');
    const auto& bytes = key.reveal();
    if (!HMAC(EVP_sha256(), bytes.data(), static_cast<int>(bytes.size()), bytes_of(text), text.size(), bytes_of(out),
            nullptr))
        throw std::runtime_error("HMAC-SHA-256 is not available");
    return out;
}

std::string hex(std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (unsigned char c : bytes) {
        out += digits[c >> 4];
        out += digits[c & 15];
    }
    return out;
}

std::optional<std::string> from_hex(std::string_view text) {
    std::string out(text.size() / 2, '\0');
    std::size_t size = 0;
    if (sodium_hex2bin(bytes_of(out), out.size(), text.data(), text.size(), nullptr, &size, nullptr) != 0 ||
        size * 2 != text.size())
        return std::nullopt;
    return out;
}

std::string base64(std::string_view bytes) { return encoded(bytes, sodium_base64_VARIANT_ORIGINAL); }

std::string base64url(std::string_view bytes) { return encoded(bytes, url_alphabet); }

std::optional<std::string> from_base64url(std::string_view text) {
    std::string out(text.size() / 4 * 3 + 2, '\0');
    std::size_t size = 0;
    if (sodium_base642bin(bytes_of(out), out.size(), text.data(), text.size(), nullptr, &size, nullptr, url_alphabet))
        return std::nullopt;
    out.resize(size);
    return out;
}

bool equal(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace airi::digest
