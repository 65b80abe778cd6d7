#include "tests/support/cpp/places.hpp"

namespace airi::test {

std::filesystem::path source_root() { return AIRI_ROOT; }
std::filesystem::path program_folder() { return AIRI_BIN_DIR; }

}  // namespace airi::test
