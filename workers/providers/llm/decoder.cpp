#include "workers/providers/llm/decoder.hpp"

#include <algorithm>
#include <utility>

#include "platform/http/client.hpp"

namespace airi::workers::providers {
namespace {

constexpr int most_skipped_in_row = 8;
constexpr std::int64_t most_tokens = 100'000'000;

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
    if (text_.empty() && !counted_ && !end) return std::nullopt;
    piece out{.text = std::exchange(text_, {}), .tokens = {}, .ended = {}};
    if (in_ && (counted_ || end)) out.tokens = token_count{*in_, out_};
    counted_ = false;
    if (end) out.ended = finish_.value_or(finish::stop);
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

void decoder::count_in(std::optional<std::int64_t> tokens) {
    if (!tokens || *tokens < 0 || *tokens > most_tokens) return;
    in_ = std::max(in_.value_or(0), *tokens);
    counted_ = true;
}

void decoder::count_out(std::optional<std::int64_t> tokens) {
    if (!tokens || *tokens < 0 || *tokens > most_tokens) return;
    out_ = std::max(out_, *tokens);
    counted_ = in_.has_value();
}

}  // namespace airi::workers::providers
