#include "workers/operations/reprocess.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <thread>

#include "platform/kafka/topic_states.hpp"
#include "sql/statements.hpp"
#include "workers/operations/groups.hpp"
#include "workers/operations/state_file.hpp"

namespace airi::workers::operations {
namespace {

constexpr milliseconds broker_limit{30'000}, between_looks{500};
constexpr seconds longest_standstill{60};

constexpr std::array tables{
    rebuilt_table{"usage_log", "usage.recorded.v1", "usage",
        "the group usage stores each line that is missing; then usage_daily gets the sums of usage_log"},
    rebuilt_table{"usage_daily", "", "", "it gets the sums of usage_log, which has to be whole"},
};

}  // namespace

std::span<const rebuilt_table> rebuilt_tables() { return tables; }

const rebuilt_table* find_rebuilt_table(std::string_view name) {
    const auto* found = std::ranges::find(tables, name, &rebuilt_table::name);
    return found == tables.end() ? nullptr : found;
}

std::string reprocess_mistake(std::string_view name) {
    if (find_rebuilt_table(name)) return {};
    std::string names;
    for (const auto& one : tables) names += (names.empty() ? "" : ", ") + std::string(one.name);
    return fmt::format("the table \"{}\" does not follow from events alone; these do: {}", name, names);
}

result<std::string> missing_records(const kafka::access& brokers, const std::string& topic) {
    const auto state = kafka::offsets_of(brokers, topic, broker_limit);
    if (!state) return state.error();
    std::int64_t gone = 0;
    for (const auto& [partition, first] : state->first) gone += first;
    if (gone == 0) return std::string{};
    return fmt::format("the broker has deleted {} records of {}: --from-archive", gone, topic);
}

result<> wait_for_group(const kafka::access& brokers, const rebuilt_table& table) {
    auto least = std::numeric_limits<std::int64_t>::max();
    auto moved = std::chrono::steady_clock::now();
    for (;;) {
        const auto lines = group_lines(brokers, std::string(table.group));
        if (!lines) return lines.error();
        std::int64_t left = 0;
        for (const auto& one : *lines)
            if (one.topic == table.topic) left += one.lag;
        if (left == 0) return {};
        const auto time = std::chrono::steady_clock::now();
        if (left < least) least = left, moved = time;
        if (time - moved > longest_standstill) return errc::group_stands;
        std::this_thread::sleep_for(between_looks);
    }
}

result<std::int64_t> correct_sums(operator_session& session) {
    const auto rows = session.run(sql::bind("usage.correct_sums", {}));
    if (!rows) return rows.error();
    return rows->integer(0, 0);
}

}  // namespace airi::workers::operations
