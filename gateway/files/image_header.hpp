// What a picture says of itself in its header. Nothing is ever decoded, so there is nothing to blow up. Used by the
// routes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace airi::gateway {

struct image_size {
    std::uint32_t width = 0, height = 0;
};

/// None unless the bytes are one whole picture of that type (image/png, image/jpeg, image/webp) and nothing beside it.
std::optional<image_size> image_size_of(std::string_view media_type, std::string_view bytes);

}  // namespace airi::gateway
