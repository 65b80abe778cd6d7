// Where this tree and the programs of this build are. Used by the tests that read files or start servers.
#pragma once

#include <filesystem>

namespace airi::test {

/// Absolute, of the source tree.
std::filesystem::path source_root();
/// Absolute, with airi-stub-provider and the others in it.
std::filesystem::path program_folder();

}  // namespace airi::test
