#include "workers/providers/games/rcon_packet.hpp"

#include <algorithm>

#include "workers/providers/games/game.hpp"

namespace airi::workers::providers::games::rcon {
namespace {

constexpr std::size_t least_room = 4 * 1024;
// A large buffer does not outlive its answer.
constexpr std::size_t most_kept = 64 * 1024;

void append_number(std::string& out, std::int32_t number) {
    auto bits = static_cast<std::uint32_t>(number);
    for (int i = 0; i < 4; ++i, bits >>= 8) out += static_cast<char>(bits & 0xFF);
}

std::uint32_t number_at(const char* from) {
    std::uint32_t bits = 0;
    for (int i = 3; i >= 0; --i) bits = bits << 8 | static_cast<unsigned char>(from[i]);
    return bits;
}

}  // namespace

void append_packet(std::string& out, std::int32_t id, std::int32_t type, std::string_view body) {
    out.reserve(out.size() + 4 + fixed_bytes + body.size());
    append_number(out, static_cast<std::int32_t>(body.size() + fixed_bytes));
    append_number(out, id);
    append_number(out, type);
    out.append(body).append(2, '\0');
}

std::span<char> packet_reader::room() {
    if (empty()) {
        clear();
        if (bytes_.size() > most_kept) bytes_ = {};
    }
    if (bytes_.size() - end_ < least_room) {
        std::copy(bytes_.data() + begin_, bytes_.data() + end_, bytes_.data());
        end_ -= begin_;
        begin_ = 0;
        if (bytes_.size() - end_ < least_room) bytes_.resize(std::max(4 * least_room, 2 * bytes_.size()));
    }
    return {bytes_.data() + end_, bytes_.size() - end_};
}

result<std::optional<packet>> packet_reader::next() {
    const auto left = end_ - begin_;
    if (left < 4) return std::nullopt;
    const auto* at = bytes_.data() + begin_;
    const std::size_t length = number_at(at);
    if (length < fixed_bytes || length > most_) return errc::malformed;
    if (left - 4 < length) return std::nullopt;
    if (at[2 + length] != 0 || at[3 + length] != 0) return errc::malformed;
    begin_ += 4 + length;
    return packet{static_cast<std::int32_t>(number_at(at + 4)), static_cast<std::int32_t>(number_at(at + 8)),
        {at + 12, length - fixed_bytes}};
}

}  // namespace airi::workers::providers::games::rcon
