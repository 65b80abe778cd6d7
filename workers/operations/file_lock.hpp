// A lock on a file that only one process at a time may use. Used by airi-ctl for the state files of replays.
#pragma once

#include <string>
#include <utility>

#include "platform/base/result.hpp"

namespace airi::workers::operations {

/// Held until its end, or that of its process, however it ends.
class file_lock {
public:
    /// Locks `file` by a file beside it, `file`.lock, which stays. Errors: state_in_use when another process has it,
    /// state_not_stored when that file cannot be made.
    static result<file_lock> take(const std::string& file);

    file_lock(file_lock&& from) noexcept : descriptor_(std::exchange(from.descriptor_, -1)) {}
    file_lock& operator=(file_lock&&) = delete;
    ~file_lock();

private:
    explicit file_lock(int descriptor) : descriptor_(descriptor) {}

    int descriptor_;
};

}  // namespace airi::workers::operations
