#include "workers/runtime/apply_effects.hpp"

namespace airi::workers {

kafka::record to_record(events::outgoing from) {
    kafka::record out{std::move(from.topic), std::move(from.key), std::move(from.value), {}, from.batchable};
    out.headers.reserve(from.headers.size());
    for (auto& [name, value] : from.headers) out.headers.push_back({std::move(name), std::move(value)});
    return out;
}

awaitable<result<>> apply_effects(const effects& what, const runner_ports& ports) {
    std::vector<postgres::rows> rows;
    if (!what.statements.empty()) {
        postgres::transaction whole;
        whole.statements = what.statements;
        auto done = co_await ports.database.run(std::move(whole));
        if (!done) co_return done.error();
        rows = std::move(*done);
    }
    auto then = what.after_from_rows ? what.after_from_rows(rows) : what.after;
    for (const auto& whose : then.changed) co_await ports.frames.changed(whose);
    for (auto& frame : then.frames) co_await ports.frames.append(std::move(frame));
    for (auto& out : then.announcements) co_await ports.frames.announce(std::move(out));
    if (then.events.empty()) co_return result<>{};
    std::vector<kafka::record> batch;
    batch.reserve(then.events.size());
    for (auto& event : then.events) batch.push_back(to_record(std::move(event)));
    co_return co_await ports.producer.publish(std::move(batch));
}

}  // namespace airi::workers
