#include "platform/crypto/random.hpp"

#include <sodium.h>

#include "platform/crypto/digest.hpp"

namespace airi::random {

std::string bytes(std::size_t count) {
    [[maybe_unused]] static const int ready = sodium_init();
    std::string out(count, '\0');
    randombytes_buf(out.data(), out.size());
    return out;
}

std::string token(std::size_t count) { return digest::base64url(bytes(count)); }

}  // namespace airi::random
