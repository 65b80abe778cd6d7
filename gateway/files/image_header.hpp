// The size of an image, read from its header. No pixel is decoded, so that a small file cannot expand to a huge one.
// Used by the routes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace airi::gateway {

struct image_size {
    std::uint32_t width = 0, height = 0;
};

/// None unless the bytes are exactly one whole image of that type: image/png, image/jpeg or image/webp.
std::optional<image_size> image_size_of(std::string_view media_type, std::string_view bytes);

}  // namespace airi::gateway
