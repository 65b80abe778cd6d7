// Seals the objects of an archive anew after a rotation of ENCRYPTION_KEY. Used by airi-ctl.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "workers/archive/archive.hpp"

namespace airi::workers::archive {

struct resealed {
    std::int64_t objects = 0;  ///< sealed anew
    std::int64_t current = 0;  ///< under the current key before
    std::int64_t removed = 0;  ///< under an older key, and named by no manifest: of a process that died
    std::int64_t faults = 0;   ///< not sealed anew: damaged or missing
};

/// Blocks. For each manifest: stores its objects sealed under the current key, then the edition that names them, which
/// replaces an earlier one as a whole, then removes the old ones. At the end nothing of an older key is left. Killed at
/// any point, each record is in an object that is named, and the next call goes on. `fault` gets an object's name and
/// its fault. Errors: those of the storage; no_key when none of the keys opens an object.
result<resealed> reseal_topic(files&, const std::string& topic,
    const std::function<void(const std::string& name, const std::string& what)>& fault);

}  // namespace airi::workers::archive
