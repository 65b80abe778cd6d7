#include "platform/telemetry/tracing.hpp"

#include <algorithm>
#include <random>

#include "platform/base/ids.hpp"
#include "platform/base/split.hpp"
#include "platform/telemetry/span_queue.hpp"

namespace airi::tracing {
namespace {

constexpr std::size_t trace_at = 3, id_at = 36, flags_at = 53;

bool is_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_context(std::string_view text) {
    return text.size() == 55 && text.starts_with("00-") && text[35] == '-' && text[52] == '-' &&
           is_hex(text.substr(trace_at, 32)) && is_hex(text.substr(id_at, 16)) && is_hex(text.substr(flags_at));
}

std::string hex(const std::uint8_t* bytes, std::size_t count) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
        out += digits[bytes[i] >> 4];
        out += digits[bytes[i] & 15];
    }
    return out;
}

// The second half of a version 7 UUID is random but for its two variant bits.
std::string new_span_id() { return hex(uuid::v7().bytes.data() + 8, 8); }

span begin(std::string_view context, std::string id, std::string_view parent, std::string name, kind kind) {
    if (!enabled() || !is_sampled(context)) return {};
    return span({.trace = std::string(context.substr(trace_at, 32)),
        .id = std::move(id),
        .parent = std::string(parent),
        .name = std::move(name),
        .kind = kind,
        .began = now()});
}

}  // namespace

std::string new_context(bool sampled) {
    const auto trace = uuid::v7();
    return "00-" + hex(trace.bytes.data(), 16) + "-" + new_span_id() + (sampled ? "-01" : "-00");
}

// The lowest bit of the flags.
bool is_sampled(std::string_view context) {
    return is_context(context) && std::string_view("13579bdf").find(context[54]) != std::string_view::npos;
}

bool enabled() { return span_queue::current() != nullptr; }

bool chosen(double share) {
    thread_local std::minstd_rand dice{std::random_device{}()};
    return share >= 1 || std::uniform_real_distribution<double>(0, 1)(dice) < share;
}

span child_of(std::string_view context, std::string name, kind kind) {
    if (!enabled() || !is_sampled(context)) return {};
    return begin(context, new_span_id(), context.substr(id_at, 16), std::move(name), kind);
}

span root_of(std::string_view context, std::string name, kind kind) {
    if (!enabled() || !is_sampled(context)) return {};
    return begin(context, std::string(context.substr(id_at, 16)), {}, std::move(name), kind);
}

span& span::operator=(span&& other) noexcept {
    end();
    what_ = std::move(other.what_);
    return *this;
}

std::string span::traceparent() const { return what_ ? "00-" + what_->trace + "-" + what_->id + "-01" : std::string{}; }

void span::set(std::string_view name, std::string_view text) {
    if (what_) what_->attributes.push_back({name, std::string(text)});
}

void span::set(std::string_view name, std::int64_t number) {
    if (what_) what_->attributes.push_back({name, {}, number, true});
}

void span::set_name(std::string name) {
    if (what_) what_->name = std::move(name);
}

void span::set_link(std::string traceparent) {
    if (what_) what_->link = std::move(traceparent);
}

void span::failed(std::string_view error) {
    if (what_) what_->error = error;
}

void span::end() {
    if (!what_) return;
    what_->ended = now();
    const auto done = std::exchange(what_, nullptr);
    if (auto* queue = span_queue::current()) queue->push(std::move(*done));
}

}  // namespace airi::tracing
