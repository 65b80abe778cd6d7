// Publishes records of a topic again. Used by airi-ctl.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "platform/kafka/topic_reader.hpp"
#include "workers/operations/record_filter.hpp"

namespace airi::workers::operations {

struct replay_order {
    kafka::topic_range range;
    record_filter filter;
    std::string into;        ///< the target topic; empty: each record's original one, see origin_of
    bool dry_run = false;    ///< nothing is published
    double rate = 0;         ///< records a second; 0: as fast as the broker
    std::string state_file;  ///< stores the positions, from which the same order continues; empty: none
};

struct replay_summary {
    std::string id;  ///< x-replay-id of the records
    std::int64_t read = 0, matched = 0, sent = 0;
    std::int64_t left_out = 0;  ///< records with most_replays
    std::map<std::string, std::int64_t> by_type, by_hour;
};

/// Blocks. The broker acknowledges each batch before its positions are stored; after a death between the two the batch
/// is published again, and consumers recognise its records by their ids. `progress` gets the summary so far and
/// topic_reader::left(). Errors: those of the reader and the producer; invalid_state for a state file of another order.
result<replay_summary> replay(const kafka::access&, const replay_order&,
    const std::function<void(const replay_summary&, std::int64_t left)>& progress);

enum class errc { invalid_state = 1, state_not_stored };
error_code make_error_code(errc);

}  // namespace airi::workers::operations

template <>
struct boost::system::is_error_code_enum<airi::workers::operations::errc> : std::true_type {};
