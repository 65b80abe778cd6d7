#include "gateway/files/image_header.hpp"

namespace airi::gateway {
namespace {

std::uint32_t byte_at(std::string_view bytes, std::size_t index) { return static_cast<unsigned char>(bytes[index]); }
std::uint32_t big(std::string_view bytes, std::size_t index, int count) {
    std::uint32_t out = 0;
    for (int i = 0; i < count; ++i) out = out << 8 | byte_at(bytes, index + i);
    return out;
}
std::uint32_t little(std::string_view bytes, std::size_t index, int count) {
    std::uint32_t out = 0;
    for (int i = count; i-- > 0;) out = out << 8 | byte_at(bytes, index + i);
    return out;
}

// Chunks of length, name, data and checksum, from IHDR to IEND, and nothing after that
// (https://www.w3.org/TR/png-3/#5).
std::optional<image_size> png(std::string_view bytes) {
    constexpr std::string_view signature("\x89PNG\r\n\x1a\n", 8);
    if (!bytes.starts_with(signature)) return std::nullopt;
    std::optional<image_size> found;
    bool pixels = false;
    for (bytes.remove_prefix(signature.size()); bytes.size() >= 12;) {
        const auto length = big(bytes, 0, 4);
        const auto name = bytes.substr(4, 4);
        if (length > bytes.size() - 12 || found.has_value() == (name == "IHDR")) return std::nullopt;
        if (name == "IHDR" && length != 13) return std::nullopt;
        if (name == "IHDR") found = image_size{big(bytes, 8, 4), big(bytes, 12, 4)};
        pixels = pixels || name == "IDAT";
        bytes.remove_prefix(length + 12);
        if (name == "IEND") return bytes.empty() && pixels ? found : std::nullopt;
    }
    return std::nullopt;
}

// Segments of marker and length up to the pixel data, which ends two bytes before the end (ITU-T T.81, B.1).
std::optional<image_size> jpeg(std::string_view bytes) {
    if (!bytes.starts_with("\xff\xd8\xff") || !bytes.ends_with("\xff\xd9")) return std::nullopt;
    std::optional<image_size> found;
    for (std::size_t segment = 2; segment + 4 <= bytes.size();) {
        if (byte_at(bytes, segment) != 0xff) return std::nullopt;
        const auto marker = byte_at(bytes, segment + 1);
        if (marker == 0xff) {
            ++segment;
            continue;
        }
        const auto length = big(bytes, segment + 2, 2);
        if (length < 2 || segment + 2 + length > bytes.size()) return std::nullopt;
        if (marker == 0xda) return found;
        // A frame header has precision, height and width. C4, C8 and CC are not frame headers.
        if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) {
            if (length < 8 || found) return std::nullopt;
            found = image_size{big(bytes, segment + 7, 2), big(bytes, segment + 5, 2)};
        }
        segment += 2 + length;
    }
    return std::nullopt;
}

// One RIFF container whose length field equals the length of the bytes
// (https://developers.google.com/speed/webp/docs/riff_container).
std::optional<image_size> webp(std::string_view bytes) {
    if (bytes.size() < 30 || !bytes.starts_with("RIFF") || bytes.substr(8, 4) != "WEBP" ||
        little(bytes, 4, 4) != bytes.size() - 8)
        return std::nullopt;
    const auto kind = bytes.substr(12, 4);
    if (little(bytes, 16, 4) > bytes.size() - 20) return std::nullopt;
    if (kind == "VP8 " && bytes.substr(23, 3) == "\x9d\x01\x2a")
        return image_size{little(bytes, 26, 2) & 0x3fff, little(bytes, 28, 2) & 0x3fff};
    if (kind == "VP8L" && byte_at(bytes, 20) == 0x2f) {
        const auto bits = little(bytes, 21, 4);
        return image_size{(bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1};
    }
    if (kind == "VP8X") return image_size{little(bytes, 24, 3) + 1, little(bytes, 27, 3) + 1};
    return std::nullopt;
}

}  // namespace

std::optional<image_size> image_size_of(std::string_view media_type, std::string_view bytes) {
    if (media_type == "image/png") return png(bytes);
    if (media_type == "image/jpeg") return jpeg(bytes);
    return media_type == "image/webp" ? webp(bytes) : std::nullopt;
}

}  // namespace airi::gateway
