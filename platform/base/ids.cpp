#include "platform/base/ids.hpp"

#include <sys/random.h>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid.hpp>
#include <cstdlib>
#include <cstring>

namespace airi {
namespace {

int nibble(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Random bytes in bulk: one system call serves many ids of a thread.
void fill_random(std::uint8_t* out, std::size_t count) {
    thread_local std::array<std::uint8_t, 1024> pool;
    thread_local std::size_t used = pool.size();
    if (used + count > pool.size()) {
        if (getrandom(pool.data(), pool.size(), 0) != static_cast<ssize_t>(pool.size())) std::abort();
        used = 0;
    }
    std::memcpy(out, pool.data() + used, count);
    std::memset(pool.data() + used, 0, count);
    used += count;
}

}  // namespace

std::string uuid::text() const {
    static constexpr char hex[] = "0123456789abcdef";
    std::string out(36, '-');
    std::size_t at = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) ++at;
        out[at++] = hex[bytes[i] >> 4];
        out[at++] = hex[bytes[i] & 15];
    }
    return out;
}

std::optional<uuid> uuid::parse(std::string_view text) noexcept {
    if (text.size() != 36) return std::nullopt;
    uuid out;
    std::size_t at = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            if (text[at++] != '-') return std::nullopt;
        const int high = nibble(text[at]), low = nibble(text[at + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        out.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
        at += 2;
    }
    return out;
}

uuid uuid::v7(instant when) {
    uuid out;
    fill_random(out.bytes.data() + 6, 10);
    const auto ms = std::chrono::floor<milliseconds>(when).time_since_epoch().count();
    for (int i = 0; i < 6; ++i) out.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
    out.bytes[6] = static_cast<std::uint8_t>((out.bytes[6] & 0x0f) | 0x70);
    out.bytes[8] = static_cast<std::uint8_t>((out.bytes[8] & 0x3f) | 0x80);
    return out;
}

uuid uuid::v5(const uuid& space, std::string_view name) {
    boost::uuids::uuid base;
    std::memcpy(base.data, space.bytes.data(), 16);
    const auto made = boost::uuids::name_generator_sha1(base)(name.data(), name.size());
    uuid out;
    std::memcpy(out.bytes.data(), made.data, 16);
    return out;
}

}  // namespace airi
