// A worker's decisions made again from its records, without effects: what would differ from what is stored. Used by
// airi-ctl.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "platform/base/async.hpp"
#include "platform/base/result.hpp"
#include "platform/kafka/kafka.hpp"

namespace airi::workers {

/// A difference of effects. It never has a text of a person or a model.
struct shadow_difference {
    std::string way;              ///< stricter, milder, …
    std::string category;         ///< the most severe one that leads to it; empty: none
    std::string stored, present;  ///< the decisions
    auto operator<=>(const shadow_difference&) const = default;
};

struct shadow_report {
    struct found {
        std::int64_t records = 0;
        std::vector<std::string> examples;  ///< ids, the first few
    };
    static constexpr std::size_t most_examples = 5;

    std::int64_t compared = 0, same = 0;
    std::map<shadow_difference, found> differences;
    std::map<std::string, std::int64_t> not_compared;  ///< why, of how many records
    std::map<std::string, std::int64_t> notes;         ///< what limits the comparison, for how many records

    void add(shadow_difference difference, std::string id) {
        auto& to = differences[std::move(difference)];
        ++to.records;
        if (to.examples.size() < most_examples) to.examples.push_back(std::move(id));
    }
};

/// Reads only. For one thread.
class shadow {
public:
    virtual ~shadow() = default;
    /// Loads what is in force. To be called once, first.
    virtual awaitable<result<>> begin() = 0;
    /// Decides on records again, in their order.
    virtual awaitable<result<>> add(std::vector<kafka::message>) = 0;
    virtual const shadow_report& report() const = 0;
};

}  // namespace airi::workers
