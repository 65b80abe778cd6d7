// The records of a topic that an operation concerns. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/base/result.hpp"
#include "platform/kafka/kafka.hpp"

namespace airi::workers::operations {

/// A member of the value, by a JSON pointer (RFC 6901), and its wanted value: a string as it is, any other as JSON.
struct member_is {
    std::string pointer, value;
};

struct record_filter {
    std::optional<std::string> key;
    std::optional<std::string> type;   ///< the CloudEvent's
    std::optional<std::string> group;  ///< of a dead letter: the consumer group that gave it up
    std::optional<std::string> error;  ///< of a dead letter: a part of the error message
    std::vector<member_is> where;

    bool matches(const kafka::message&) const;
};

/// Reads "/json/pointer=value"; none when there is no "=" or the pointer does not begin with "/".
std::optional<member_is> read_condition(std::string_view text);

}  // namespace airi::workers::operations
