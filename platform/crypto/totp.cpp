#include "platform/crypto/totp.hpp"

#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include "platform/crypto/digest.hpp"

namespace airi::totp {

std::int64_t step_of(instant at) {
    return std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count() / 30;
}

std::string code_of(std::string_view seed, std::int64_t step) {
    std::array<unsigned char, 8> counter;
    for (std::size_t i = 0; i < counter.size(); ++i)
        counter[i] = static_cast<unsigned char>(static_cast<std::uint64_t>(step) >> (56 - 8 * i));
    std::array<unsigned char, 20> mac;
    if (!HMAC(EVP_sha1(), seed.data(), static_cast<int>(seed.size()), counter.data(), counter.size(), mac.data(),
            nullptr))
        throw std::runtime_error("HMAC-SHA-1 is not available");
    const auto at = mac.back() & 15u;
    const auto number = (mac[at] & 127u) << 24 | mac[at + 1] << 16 | mac[at + 2] << 8 | mac[at + 3];
    const auto digits = std::to_string(number % 1'000'000);
    return std::string(6 - digits.size(), '0') + digits;
}

std::optional<std::int64_t> matching_step(std::string_view seed, std::string_view code, instant now) {
    const auto current = step_of(now);
    for (const auto step : {current, current - 1})
        if (digest::equal(code_of(seed, step), code)) return step;
    return std::nullopt;
}

std::string base32(std::string_view bytes) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string out;
    unsigned held = 0, bits = 0;
    for (const unsigned char byte : bytes) {
        held = (held << 8 | byte) & 0xFFFF;
        for (bits += 8; bits >= 5; bits -= 5) out += alphabet[held >> (bits - 5) & 31];
    }
    if (bits > 0) out += alphabet[held << (5 - bits) & 31];
    return out;
}

}  // namespace airi::totp
