#include "workers/providers/llm/decoder.hpp"

#include <algorithm>
#include <utility>

#include "platform/http/client.hpp"

namespace airi::workers::providers {
namespace {

constexpr int most_skipped_in_row = 8;
constexpr std::int64_t most_tokens = 100'000'000;
constexpr std::size_t most_report_bytes = 2000;

bool is_count(const std::optional<std::int64_t>& tokens) { return tokens && *tokens >= 0 && *tokens <= most_tokens; }

}  // namespace

error_code decoder::push(std::string_view bytes) {
    if (over_) return {};
    const auto ec = read(bytes);
    // The SSE and NDJSON parsers know the errors of HTTP only.
    return ec == http::errc::malformed ? make_error_code(errc::malformed) : ec;
}

error_code decoder::body_ended() {
    if (!over_)
        if (const auto ec = read_last()) return ec;
    if (over_ || knows_end()) {
        if (good_ == 0) return errc::malformed;
        over_ = true;
        return {};
    }
    return good_ == 0 && skipped_ > 0 ? errc::malformed : errc::interrupted;
}

std::optional<piece> decoder::take() {
    const bool end = over_ && good_ > 0 && !end_taken_;
    end_taken_ = end_taken_ || end;
    if (text_.empty() && calls_.empty() && !counted_ && !end) return std::nullopt;
    piece out{.text = std::exchange(text_, {}),
        .calls = std::exchange(calls_, {}),
        .logprobs = std::exchange(logprobs_, {}),
        .tokens = {},
        .reported = {},
        .ended = {}};
    if (in_ && (counted_ || end)) {
        const auto cached = std::min(cached_, *in_);
        out.tokens = token_count{*in_, out_, cached, std::min(reasoning_, out_), std::min(cache_write_, *in_ - cached)};
        out.reported = last_report_.empty() ? first_report_ : "[" + first_report_ + "," + last_report_ + "]";
    }
    counted_ = false;
    // Some vendors end a reply that calls tools with "stop".
    if (end) out.ended = called_ && finish_ != finish::length ? finish::tool_calls : finish_.value_or(finish::stop);
    return out;
}

error_code decoder::chunk(std::string_view json_text, const std::function<error_code(json::value)>& each) {
    const auto parsed = json::document::parse(json_text);
    if (!parsed || parsed->root().type() != json::kind::object) {
        ++skipped_;
        return ++skipped_in_row_ > most_skipped_in_row ? make_error_code(errc::malformed) : error_code{};
    }
    skipped_in_row_ = 0;
    ++good_;
    return each(parsed->root());
}

void decoder::add_text(std::string_view text) {
    if (text.empty()) return;
    text_ += text;
    progress();
}

error_code decoder::add_call(
    std::size_t index, std::string_view id, std::string_view name, std::string_view arguments) {
    if (index >= most_tool_calls) return errc::malformed;
    if (calls_.empty() || calls_.back().index != index)
        calls_.push_back({.index = index, .id = {}, .name = {}, .arguments = {}});
    auto& part = calls_.back();
    if (part.id.empty()) part.id = id;
    if (part.name.empty()) part.name = name;
    part.arguments += arguments;
    called_ = true;
    progress();
    return {};
}

void decoder::add_logprobs(json::value content) {
    content.each([this](json::value each) { logprobs_.append(logprobs_.empty() ? "" : ",").append(each.text()); });
}

void decoder::count_cached(std::optional<std::int64_t> tokens) {
    if (is_count(tokens)) cached_ = std::max(cached_, *tokens);
}

void decoder::count_reasoning(std::optional<std::int64_t> tokens) {
    if (is_count(tokens)) reasoning_ = std::max(reasoning_, *tokens);
}

void decoder::count_cache_write(std::optional<std::int64_t> tokens) {
    if (is_count(tokens)) cache_write_ = std::max(cache_write_, *tokens);
}

void decoder::report(json::value usage) {
    if (usage.type() != json::kind::object) return;
    if (auto text = usage.text(); text.size() <= most_report_bytes)
        (first_report_.empty() ? first_report_ : last_report_) = std::move(text);
}

void decoder::count_in(std::optional<std::int64_t> tokens) {
    if (!is_count(tokens)) return;
    in_ = std::max(in_.value_or(0), *tokens);
    counted_ = true;
}

void decoder::count_out(std::optional<std::int64_t> tokens) {
    if (!is_count(tokens)) return;
    out_ = std::max(out_, *tokens);
    counted_ = in_.has_value();
}

}  // namespace airi::workers::providers
