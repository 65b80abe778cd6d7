#include "workers/runtime/apply_effects.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <utility>

namespace airi::workers {

kafka::record to_record(events::outgoing event) {
    kafka::record out{std::move(event.topic), std::move(event.key), std::move(event.value), {}, event.batchable};
    out.headers.reserve(event.headers.size());
    for (auto& [name, value] : event.headers) out.headers.push_back({std::move(name), std::move(value)});
    return out;
}

namespace {

awaitable<> invalidate_all(frame_channel& frames, const std::vector<user_id>& users) {
    for (const auto& user : users) co_await frames.invalidate(user);
}

awaitable<result<>> publish_all(kafka::producer& producer, std::vector<kafka::record> records) {
    if (records.empty()) co_return result<>{};
    co_return co_await producer.publish(std::move(records));
}

}  // namespace

awaitable<result<>> apply_effects(const effects& effects, const runner_ports& ports, std::function<void()> in_order,
    std::optional<std::string> group_order) {
    std::vector<postgres::rows> rows;
    if (!effects.statements.empty()) {
        postgres::transaction transaction{std::nullopt, effects.statements, std::move(group_order)};
        auto committed = co_await ports.database.run(std::move(transaction));
        if (!committed && committed.error() == postgres::errc::fenced && !effects.when_fenced.empty()) {
            const auto kept = co_await ports.database.run(postgres::transaction{std::nullopt, effects.when_fenced});
            if (!kept && is_waited_for(kept.error())) co_return kept.error();
        }
        if (!committed) co_return committed.error();
        rows = std::move(*committed);
    }
    auto after = effects.after_from_rows ? effects.after_from_rows(rows) : effects.after;
    auto& users = after.changed_users;
    // The client of a frame reads what has changed; an event is published meanwhile.
    if (!after.frames.empty() || !after.announcements.empty())
        co_await invalidate_all(ports.frames, std::exchange(users, {}));
    for (const auto& id : after.cancelled) co_await ports.frames.cancel(id);
    for (auto& frame : after.frames) co_await ports.frames.append(std::move(frame));
    for (auto& announcement : after.announcements) co_await ports.frames.announce(std::move(announcement));
    std::vector<kafka::record> prompt, batchable;
    for (auto& event : after.events) (event.batchable ? batchable : prompt).push_back(to_record(std::move(event)));
    auto publishing = publish_all(ports.producer, std::move(prompt));
    using namespace boost::asio::experimental::awaitable_operators;
    const auto done = users.empty() ? co_await std::move(publishing)
                                    : co_await (std::move(publishing) && invalidate_all(ports.frames, users));
    if (!done) co_return done.error();
    if (in_order) in_order();
    co_return co_await publish_all(ports.producer, std::move(batchable));
}

}  // namespace airi::workers
