// The packets of Source RCON (https://developer.valvesoftware.com/wiki/Source_RCON_Protocol): bytes in, packets out, no
// I/O. Used by the RCON client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "platform/base/result.hpp"

namespace airi::workers::providers::games::rcon {

/// The numbers of the protocol. A command and the answer to a login share theirs.
struct packet_type {
    static constexpr std::int32_t response = 0, command = 2, login_response = 2, login = 3;
};

/// Of the length: id, type and the two NULs at the end.
constexpr std::size_t fixed_bytes = 10;

struct packet {
    std::int32_t id = 0;
    std::int32_t type = 0;
    std::string_view body;
};

/// Appends length, id, type (32 bits each, little endian), body and two NULs.
void append_packet(std::string& out, std::int32_t id, std::int32_t type, std::string_view body);

class packet_reader {
public:
    /// `most_length`: the largest length that a packet may state.
    explicit packet_reader(std::size_t most_length) : most_(most_length) {}

    /// The place for the next bytes, never empty. Packets that next() has returned are invalid afterwards.
    std::span<char> room();
    /// As many bytes of it have arrived.
    void arrived(std::size_t count) { end_ += count; }
    /// The next whole packet; none: more bytes are needed. malformed: a length out of bounds, or no two NULs at the
    /// end, as when a server continues an answer without a header; nothing after it can be read.
    result<std::optional<packet>> next();
    /// True when there are no bytes left over.
    bool empty() const { return begin_ == end_; }
    void clear() { begin_ = end_ = 0; }

private:
    std::size_t most_;
    std::string bytes_;
    std::size_t begin_ = 0, end_ = 0;
};

}  // namespace airi::workers::providers::games::rcon
