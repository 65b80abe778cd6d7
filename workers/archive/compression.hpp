// Zstandard (RFC 8878), whose files `zstd -dc` reads. Used for the archive's objects.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace airi::workers::archive {

/// One frame, made piece by piece: in memory is what is compressed.
class compressor {
public:
    compressor();
    compressor(compressor&&) noexcept;
    ~compressor();

    void add(std::string_view bytes);
    /// The frame; the last call.
    std::string end();

private:
    struct state;
    void feed(std::string_view bytes, bool last);
    std::unique_ptr<state> state_;
};

/// None unless `frame` is one complete frame of exactly `size` bytes.
std::optional<std::string> decompressed(std::string_view frame, std::size_t size);

}  // namespace airi::workers::archive
