// replay --reprocess: a lost table is built again by the worker that wrote it, from all records of its topic. Used by
// airi-ctl.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "platform/kafka/access.hpp"
#include "workers/operations/operator_session.hpp"

namespace airi::workers::operations {

/// A table whose rows follow from events, and from nothing else.
struct rebuilt_table {
    std::string_view name;
    std::string_view topic, group;  ///< of the records; empty: it follows from another table
    std::string_view how;           ///< in words, for the operator
};
std::span<const rebuilt_table> rebuilt_tables();
const rebuilt_table* find_rebuilt_table(std::string_view name);

/// The mistake in the name of a table, with those that can be built again; empty: there is none.
std::string reprocess_mistake(std::string_view name);

/// The reason why the broker does not have all records that were ever published; empty: it has. Blocks.
result<std::string> missing_records(const kafka::access&, const std::string& topic);

/// Waits until the group has read the topic's end of now. Error: outage when it does not go on for a minute. Blocks.
result<> wait_for_group(const kafka::access&, const rebuilt_table&);

/// Makes the sums of usage_daily those of usage_log; the number of corrected ones. Blocks.
result<std::int64_t> correct_sums(operator_session&);

}  // namespace airi::workers::operations
