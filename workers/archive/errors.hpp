// The errors of an archive that are not those of its storage or of Kafka.
#pragma once

#include "platform/base/result.hpp"

namespace airi::workers::archive {

/// `damaged`: an object or a manifest is missing, or not what it was; the log names it. `no_key`: an object is sealed
/// under an ENCRYPTION_KEY that was not given. `another_archiver`: the same topic is being archived by another process,
/// whose manifest counts. `other_topic`: the topic ends before its archive, so it was deleted and created again.
enum class errc { damaged = 1, no_key, another_archiver, other_topic };
error_code make_error_code(errc);

}  // namespace airi::workers::archive

template <>
struct boost::system::is_error_code_enum<airi::workers::archive::errc> : std::true_type {};
