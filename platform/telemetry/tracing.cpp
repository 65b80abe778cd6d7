#include "platform/telemetry/tracing.hpp"

#include <random>

#include "platform/base/traceparent.hpp"
#include "platform/telemetry/span_queue.hpp"

namespace airi::tracing {
namespace {

span begin(std::string_view traceparent, std::string id, std::string_view parent, std::string name, kind kind) {
    return span({.trace = std::string(trace_id_of(traceparent)),
        .id = std::move(id),
        .parent = std::string(parent),
        .name = std::move(name),
        .kind = kind,
        .began = now()});
}

}  // namespace

// The lowest bit of the flags.
bool is_sampled(std::string_view traceparent) {
    return is_traceparent(traceparent) && std::string_view("13579bdf").find(traceparent[54]) != std::string_view::npos;
}

bool enabled() { return span_queue::current() != nullptr; }

bool chosen(double share) {
    thread_local std::minstd_rand dice{std::random_device{}()};
    return share >= 1 || std::uniform_real_distribution<double>(0, 1)(dice) < share;
}

span child_of(std::string_view traceparent, std::string name, kind kind) {
    if (!enabled() || !is_sampled(traceparent)) return {};
    return begin(traceparent, new_span_id(), span_id_of(traceparent), std::move(name), kind);
}

span root_of(std::string_view traceparent, std::string name, kind kind) {
    if (!enabled() || !is_sampled(traceparent)) return {};
    return begin(traceparent, std::string(span_id_of(traceparent)), {}, std::move(name), kind);
}

span& span::operator=(span&& other) noexcept {
    end();
    record_ = std::move(other.record_);
    return *this;
}

std::string span::traceparent() const {
    return record_ ? "00-" + record_->trace + "-" + record_->id + "-01" : std::string{};
}

void span::set(std::string_view name, std::string_view text) {
    if (record_) record_->attributes.push_back({name, std::string(text)});
}

void span::set(std::string_view name, std::int64_t number) {
    if (record_) record_->attributes.push_back({name, {}, number, true});
}

void span::set_name(std::string name) {
    if (record_) record_->name = std::move(name);
}

void span::set_link(std::string traceparent) {
    if (record_) record_->link = std::move(traceparent);
}

void span::failed(std::string_view error) {
    if (record_) record_->error = error;
}

void span::end() {
    if (!record_) return;
    record_->ended = now();
    const auto done = std::exchange(record_, nullptr);
    if (auto* queue = span_queue::current()) queue->push(std::move(*done));
}

}  // namespace airi::tracing
