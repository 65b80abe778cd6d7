#include "workers/runtime/record_delivery.hpp"

#include <algorithm>
#include <type_traits>

#include "platform/base/log.hpp"
#include "platform/base/sleep.hpp"
#include "workers/runtime/apply_effects.hpp"
#include "workers/runtime/dead_letter.hpp"
#include "workers/runtime/errors.hpp"

namespace airi::workers {
namespace {

error_code error_of(const result<>& outcome) { return outcome ? error_code{} : outcome.error(); }

template <class T>
struct awaited {
    using type = T;
};
template <class T>
struct awaited<awaitable<T>> {
    using type = T;
};

// Calls what a worker provides. An exception counts as broken: the record is retried a bounded number of times.
template <class Call>
awaitable<typename awaited<std::invoke_result_t<Call>>::type> guarded(std::string_view worker, Call call) {
    using returned = std::invoke_result_t<Call>;
    try {
        if constexpr (std::is_same_v<returned, typename awaited<returned>::type>)
            co_return call();
        else
            co_return co_await call();
    } catch (const std::exception& e) {
        log::error("handler.threw", {{"worker", worker}, {"what", e.what()}});
    }
    co_return errc::threw;
}

}  // namespace

// The record's traceparent becomes that of the span, so that all that follows from the record is below it.
tracing::span record_delivery::start_span(kafka::message& message) const {
    auto out =
        tracing::child_of(message.header_value("traceparent"), "process " + message.topic, tracing::kind::consumer);
    if (!out) return out;
    for (auto& header : message.headers)
        if (header.name == "traceparent") header.value = out.traceparent();
    out.set("messaging.system", "kafka");
    out.set("messaging.operation.type", "process");
    out.set("messaging.destination.name", message.topic);
    out.set("messaging.destination.partition.id", std::to_string(message.partition));
    out.set("messaging.kafka.offset", message.offset);
    out.set("messaging.consumer.group.name", worker_.group);
    return out;
}

awaitable<bool> record_delivery::deliver_batch(std::vector<kafka::message>& messages) {
    std::vector<tracing::span> spans;
    if (tracing::enabled())
        for (auto& message : messages) spans.push_back(start_span(message));
    const auto began = process_metrics::clock::now();
    const auto effects = co_await guarded(worker_.name, [&] { return worker_.handle_batch(messages); });
    if (!effects || co_await retry_outages(*effects, std::nullopt)) {
        for (auto& span : spans) span.failed("batch");
        co_return false;
    }
    for (const auto& message : messages) durations_.ended(message.topic, {}, began);
    counters_.handled += static_cast<std::int64_t>(messages.size());
    co_return true;
}

awaitable<bool> record_delivery::deliver(kafka::message& message, std::function<void()> in_order) {
    delivery state(worker_.retry, attempts_of(message));
    if (const auto due = due_of(message); due > now() && !co_await wait_until(due)) co_return false;
    auto span = tracing::enabled() ? start_span(message) : tracing::span{};
    while (!draining_) {
        const auto began = process_metrics::clock::now();
        const auto outcome = co_await attempt(message, in_order);
        durations_.ended(message.topic, outcome, began);
        span.failed(outcome ? name_of(failure_of(outcome)) : "");  // the last attempt counts
        const auto next = state.after(outcome);
        if (std::holds_alternative<finished>(next)) {
            ++counters_.handled;
            co_return true;
        }
        if (const auto* retry = std::get_if<try_again>(&next)) {
            ++(retry->outage ? counters_.outages : counters_.retried);
            if (!retry->outage) report("record.retried", message, outcome);
            if (!co_await wait_until(now() + retry->after)) co_return false;
        } else if (const auto* later = std::get_if<to_retry_topic>(&next)) {
            ++counters_.retried;
            report("record.deferred", message, outcome);
            co_return co_await publish_until_acknowledged(retry_later(message, worker_.group, *later, now()));
        } else {
            ++counters_.dead;
            report("record.dead_lettered", message, outcome);
            if (worker_.give_up && !co_await give_up(message)) co_return false;
            co_return co_await publish_until_acknowledged(
                dead_letter(message, worker_.group, std::get<to_dead_letters>(next)));
        }
    }
    co_return false;
}

awaitable<error_code> record_delivery::attempt(const kafka::message& message, const std::function<void()>& in_order) {
    const auto effects = co_await handle(message);
    if (!effects) co_return effects.error();
    co_return co_await retry_outages(*effects, group_order(message), in_order);
}

awaitable<result<effects>> record_delivery::handle(const kafka::message& message) {
    if (worker_.handle_batch)
        return guarded(worker_.name, [&] { return worker_.handle_batch(std::span(&message, 1)); });
    return guarded(worker_.name, [&] { return worker_.handle(record{message}); });
}

// Applies the record's last effects. When that fails for good it is logged, and the dead letter is published all the
// same. False: the worker drains.
awaitable<bool> record_delivery::give_up(const kafka::message& message) {
    const auto last =
        co_await guarded(worker_.name, [&]() -> result<effects> { return worker_.give_up(record{message}); });
    if (!last) co_return true;
    delivery state(worker_.retry);
    while (true) {
        const auto outcome = co_await retry_outages(*last, std::nullopt);
        if (!outcome) co_return true;
        if (std::holds_alternative<to_dead_letters>(state.after(outcome))) {
            report("record.end_not_stored", message, outcome);
            co_return true;
        }
        if (draining_ || !co_await wait_until(now() + worker_.retry.first_pause)) co_return false;
    }
}

// A handler's result may have cost money: during an outage the same effects are applied again, and the handler is not
// called a second time.
awaitable<error_code> record_delivery::retry_outages(
    const effects& effects, std::optional<std::string> group_order, const std::function<void()>& in_order) {
    for (int outages = 0;; ++outages) {
        const auto outcome = error_of(
            co_await guarded(worker_.name, [&] { return apply_effects(effects, ports_, in_order, group_order); }));
        if (!outcome || !is_waited_for(outcome) || draining_) co_return outcome;
        ++counters_.outages;
        const auto pause = milliseconds{50} * (1LL << std::min(outages, 10));
        if (!co_await wait_until(now() + std::min<milliseconds>(worker_.retry.outage_pause, pause))) co_return outcome;
    }
}

std::optional<std::string> record_delivery::group_order(const kafka::message& message) const {
    return worker_.groups_effects ? std::optional(message.key) : std::nullopt;
}

// A record that the broker will never accept (its bytes plus our headers exceed the topic's limit) is published without
// its value: its headers say where the original is.
awaitable<bool> record_delivery::publish_until_acknowledged(kafka::record record) {
    while (!draining_) {
        std::vector<kafka::record> one;
        one.push_back(record);
        const auto outcome = error_of(co_await ports_.producer.publish(std::move(one)));
        if (!outcome) co_return true;
        if (failure_of(outcome) == failure::refused) {
            log::error("record.rejected", {{"worker", worker_.name}, {"topic", record.topic},
                                              {"bytes", record.value.size()}, {"error", outcome.message()}});
            if (record.value.empty()) co_return true;
            record.headers.push_back({"airi-value-left-out", std::to_string(record.value.size())});
            record.value.clear();
        } else {
            co_await sleep(worker_.retry.outage_pause);
        }
    }
    co_return false;
}

// In slices, so that a drain does not wait for it. False: the worker drains.
awaitable<bool> record_delivery::wait_until(instant when) {
    for (auto left = when - now(); left.count() > 0; left = when - now()) {
        if (draining_) co_return false;
        co_await sleep(std::min(milliseconds{100}, std::chrono::ceil<milliseconds>(left)));
    }
    co_return !draining_;
}

void record_delivery::report(std::string_view event, const kafka::message& message, const error_code& why) const {
    log::warn(event, {{"worker", worker_.name}, {"topic", message.topic}, {"partition", message.partition},
                         {"offset", message.offset}, {"event_id", record{message}.id().text()},
                         {"error", why.message()}, {"kind", name_of(failure_of(why))}});
}

}  // namespace airi::workers
