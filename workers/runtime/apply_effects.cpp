#include "workers/runtime/apply_effects.hpp"

namespace airi::workers {

kafka::record to_record(events::outgoing event) {
    kafka::record out{std::move(event.topic), std::move(event.key), std::move(event.value), {}, event.batchable};
    out.headers.reserve(event.headers.size());
    for (auto& [name, value] : event.headers) out.headers.push_back({std::move(name), std::move(value)});
    return out;
}

awaitable<result<>> apply_effects(const effects& effects, const runner_ports& ports, std::function<void()> in_order,
    std::optional<std::string> group_order) {
    std::vector<postgres::rows> rows;
    if (!effects.statements.empty()) {
        postgres::transaction transaction{std::nullopt, effects.statements, std::move(group_order)};
        auto committed = co_await ports.database.run(std::move(transaction));
        if (!committed) co_return committed.error();
        rows = std::move(*committed);
    }
    auto after = effects.after_from_rows ? effects.after_from_rows(rows) : effects.after;
    for (const auto& user : after.changed_users) co_await ports.frames.invalidate(user);
    for (auto& frame : after.frames) co_await ports.frames.append(std::move(frame));
    for (auto& announcement : after.announcements) co_await ports.frames.announce(std::move(announcement));
    std::vector<kafka::record> prompt, batchable;
    for (auto& event : after.events) (event.batchable ? batchable : prompt).push_back(to_record(std::move(event)));
    if (!prompt.empty())
        if (const auto done = co_await ports.producer.publish(std::move(prompt)); !done) co_return done.error();
    if (in_order) in_order();
    if (batchable.empty()) co_return result<>{};
    co_return co_await ports.producer.publish(std::move(batchable));
}

}  // namespace airi::workers
