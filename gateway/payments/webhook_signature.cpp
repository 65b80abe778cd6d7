#include "gateway/payments/webhook_signature.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/split.hpp"
#include "platform/crypto/digest.hpp"

namespace airi::gateway {
namespace {

constexpr seconds tolerance{300};
constexpr std::size_t most_signatures = 16;

struct parts {
    std::string_view time;
    std::int64_t seconds = 0;
    std::vector<std::string_view> signatures;
};

// None when there is not exactly one time, or no signature.
std::optional<parts> read(std::string_view header) {
    parts out;
    for (const auto part : split(header, ',')) {
        if (part.starts_with("t=")) {
            if (!out.time.empty()) return std::nullopt;
            out.time = part.substr(2);
            const auto* end = out.time.data() + out.time.size();
            const auto [at, fault] = std::from_chars(out.time.data(), end, out.seconds);
            if (fault != std::errc{} || at != end) return std::nullopt;
        }
        if (part.starts_with("v1=")) out.signatures.push_back(part.substr(3));
    }
    if (out.time.empty() || out.signatures.empty() || out.signatures.size() > most_signatures) return std::nullopt;
    return out;
}

}  // namespace

signature check_webhook_signature(
    std::string_view header, std::string_view body, std::span<const secret> secrets, instant now) {
    const auto given = read(header);
    if (!given) return signature::malformed;
    const auto signed_text = std::string(given->time) + '.' + std::string(body);
    bool good = false;
    for (const auto& secret : secrets) {
        if (secret.empty()) continue;
        const auto expected = digest::hmac_sha256_hex(secret, signed_text);
        for (const auto one : given->signatures) good = digest::equal(one, expected) || good;
    }
    if (!good) return signature::wrong;
    const auto age = std::chrono::duration_cast<seconds>(now.time_since_epoch()) - seconds{given->seconds};
    return age > tolerance || age < -tolerance ? signature::outdated : signature::good;
}

}  // namespace airi::gateway
