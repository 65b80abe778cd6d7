// The locations of this tree and of this build's programs.
#pragma once

#include <filesystem>

namespace airi::test {

/// Absolute.
std::filesystem::path source_root();
/// Absolute; contains airi-stub-provider and the other programs.
std::filesystem::path program_folder();

}  // namespace airi::test
