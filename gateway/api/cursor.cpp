#include "gateway/api/cursor.hpp"

#include "platform/crypto/digest.hpp"

namespace airi::gateway {

std::string opaque_cursor(std::string_view statements) { return digest::base64url(statements); }

std::string readable_cursor(std::string_view clients) {
    auto readable = digest::from_base64url(clients);
    return readable ? std::move(*readable) : std::string(clients);
}

}  // namespace airi::gateway
