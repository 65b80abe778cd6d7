// Publishes records of a topic again, and decides about dead letters. Used by airi-ctl and the operations worker.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "platform/kafka/topic_reader.hpp"
#include "workers/operations/decisions.hpp"
#include "workers/operations/record_filter.hpp"

namespace airi::workers::operations {

struct replay_order {
    kafka::topic_range range;
    record_filter filter;
    std::string into;       ///< the target topic; empty: each record's original one, see origin_of
    std::string for_group;  ///< the only consumer group that handles them; empty: all, of a dead letter its own
    bool dry_run = false;   ///< nothing is published
    double rate = 0;        ///< records a second; 0: as fast as the broker
    /// Of dead letters: only those about which this was decided; none: all.
    std::optional<decision> decided;
    /// Of dead letters: what is decided about them. parked, dropped: without publishing them again.
    std::optional<decision> decides;
    /// Opens what is read, as topic_reader::open() does; empty: the topic at the broker.
    std::function<result<std::unique_ptr<kafka::topic_reader>>(const kafka::topic_range&, const kafka::positions&)>
        open;
};

/// The progress of a replay: its id, which is the x-replay-id of its records, and the positions that it has reached.
struct replay_place {
    std::string id;
    kafka::positions reached;
};

struct replay_summary {
    std::int64_t read = 0, matched = 0, sent = 0;  ///< sent: published again, or decided
    bool stopped = false;                          ///< by replay_watch::progress
    std::int64_t left_out = 0;                     ///< records with most_replays
    std::map<std::string, std::int64_t> by_type, by_hour;
};

struct replay_watch {
    /// Called after each batch that the broker has acknowledged, with the place behind it. An error ends the replay.
    std::function<result<>(const replay_place&)> store;
    /// Called after each batch, every thousand records that were read, and ten times a second while the rate makes it
    /// wait; with the summary so far and topic_reader::left(). False: the replay stops.
    std::function<bool(const replay_summary&, std::int64_t left)> progress;
};

/// Opens the records of the order from `begun` on, by its `open` where it has one. Blocks. Errors: the reader's.
result<std::unique_ptr<kafka::topic_reader>> open_records(
    const kafka::access&, const replay_order&, const kafka::positions& begun = {});

/// Begins at `begun`. Blocks. After a death between the broker's acknowledgement and replay_watch::store the batch is
/// published again, and consumers recognise its records by their ids. Errors: those of the reader, the producer and
/// replay_watch::store.
result<replay_summary> replay(const kafka::access&, const replay_order&, replay_place begun, const replay_watch&);

}  // namespace airi::workers::operations
