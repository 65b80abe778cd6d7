// A file whose bytes are part of the program; platform/base/embed.cmake writes arrays of them. Used by sql/, schemas/
// and the page.
#pragma once

#include <string_view>

namespace airi {

struct embedded_file {
    std::string_view name;  ///< without its folder
    std::string_view text;
};

}  // namespace airi
