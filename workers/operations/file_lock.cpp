#include "workers/operations/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "workers/operations/state_file.hpp"

namespace airi::workers::operations {

// The file itself is replaced with each of its versions, and a lock on one says nothing of the next.
result<file_lock> file_lock::take(const std::string& file) {
    file_lock made(open((file + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (made.descriptor_ < 0) return errc::state_not_stored;
    if (flock(made.descriptor_, LOCK_EX | LOCK_NB) != 0) return errc::state_in_use;
    return made;
}

file_lock::~file_lock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace airi::workers::operations
