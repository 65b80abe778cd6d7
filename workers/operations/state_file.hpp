// The file in which airi-ctl keeps a replay's place, from which the same command goes on.
#pragma once

#include <string>

#include "workers/operations/replay.hpp"

namespace airi::workers::operations {

/// invalid_state: the file is damaged or of another replay. state_not_stored: it cannot be written.
/// state_in_use: another replay has it. group_stands: the consumer group does not go on reading.
enum class errc { invalid_state = 1, state_not_stored, state_in_use, group_stands };
error_code make_error_code(errc);

/// The place that the file has, or a new one with a new id when there is no file or its name is empty.
result<replay_place> load_place(const std::string& file, const replay_order&);
/// Replaces the file as a whole: after a death it has the old place or the new one. Nothing when its name is empty.
result<> store_place(const std::string& file, const replay_order&, const replay_place&);

}  // namespace airi::workers::operations

template <>
struct boost::system::is_error_code_enum<airi::workers::operations::errc> : std::true_type {};
