// The files of the pages at /, /admin and /docs, embedded in the program.
#pragma once

#include <span>

#include "platform/base/embedded.hpp"

namespace airi::gateway {

extern const std::span<const embedded_file> page_files;

}  // namespace airi::gateway
