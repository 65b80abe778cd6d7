// The files of the page at /, embedded in the program.
#pragma once

#include <span>

#include "platform/base/embedded.hpp"

namespace airi::gateway {

extern const std::span<const embedded_file> page_files;

}  // namespace airi::gateway
