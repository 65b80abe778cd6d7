// Archives a topic from where its archive ends. Used by the archive worker and airi-ctl.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "platform/kafka/access.hpp"
#include "workers/archive/archive.hpp"

namespace airi::workers::archive {

struct limits {
    std::int64_t text = 32 * 1024 * 1024;  ///< bytes of lines before a manifest names them: what is in memory
    std::size_t hours = 8;                 ///< objects in work
    milliseconds broker{30'000};           ///< without an answer of the broker
};

struct archived {
    std::int64_t records = 0, objects = 0, bytes = 0;  ///< as they are stored
    std::int64_t lost = 0;  ///< records that the broker had deleted before they were archived
    archived& operator+=(const archived&);
};

/// Blocks. Archives the records that the topic holds when it begins, or until `stopped` returns true. The objects that
/// manifests name are complete even if it is killed, and the next call goes on behind them. Errors: of the storage, the
/// broker and the archive; the records that were archived before an error remain.
result<archived> archive_topic(
    const kafka::access&, files&, const std::string& topic, const std::function<bool()>& stopped, const limits& = {});

}  // namespace airi::workers::archive
