// The text of a small file, such as a setting's. Used by the settings and by keys that follow their file.
#pragma once

#include <optional>
#include <string>

namespace airi {

/// None when the file cannot be read.
std::optional<std::string> file_text(const std::string& path);

}  // namespace airi
