// Decisions of operators about dead letters. Each is a record in the dead-letter topic itself, behind the letter,
// which stays as it is: the letter's key, no value, and headers with its place and the decision.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "platform/kafka/topic_reader.hpp"

namespace airi::workers::operations {

/// waiting: none was made, or a later one took it back. retried: published again. parked: kept for later. dropped:
/// nothing will be done about it.
enum class decision { waiting, retried, parked, dropped };

std::string_view name_of(decision);
std::optional<decision> read_decision(std::string_view name);

/// True: the record is a decision and no letter. Pure.
bool is_decision(const kafka::message&);
/// The decision about a letter, made by the operation of that id. Pure.
kafka::record decide(const kafka::message& letter, decision, std::string_view operation);

/// The last decision about each letter of a dead-letter topic.
class decisions {
public:
    /// Reads the whole topic. Blocks. Errors: those of topic_reader.
    static result<decisions> read(const kafka::access&, const std::string& topic, milliseconds limit);
    /// Takes note of a record if it is a decision.
    void add(const kafka::message&);
    decision of(const kafka::message& letter) const;

private:
    std::map<std::pair<std::int32_t, std::int64_t>, decision> last_;  // by partition and offset
};

}  // namespace airi::workers::operations
