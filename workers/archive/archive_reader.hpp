// Reads a topic from the archive as topic_reader reads it from the broker. Used by airi-ctl.
#pragma once

#include <memory>

#include "platform/kafka/topic_reader.hpp"
#include "workers/archive/archive.hpp"

namespace airi::workers::archive {

/// `from` must outlive the reader. `begun`: as of topic_reader. Each object is verified before its first record is
/// given. Errors: damaged, no_key, those of the storage; unknown_topic if nothing of the topic is archived.
result<std::unique_ptr<kafka::topic_reader>> open_reader(
    files& from, const kafka::topic_range&, const kafka::positions& begun);

}  // namespace airi::workers::archive
