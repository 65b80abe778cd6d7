// The list of all workers, which CMakeLists.txt makes from workers/workers.cmake.
#pragma once

#include "workers/runtime/program.hpp"

namespace airi::workers {

module_list modules();

}  // namespace airi::workers
