#include "workers/providers/chat/decoder.hpp"

#include <algorithm>
#include <utility>

namespace airi::workers::providers {
namespace {

constexpr int most_skipped_in_row = 8;
constexpr std::int64_t most_tokens = 100'000'000;

}  // namespace

error_code decoder::push(std::string_view bytes) {
    if (x_over) return {};
    return read(bytes);
}

error_code decoder::body_ended() {
    if (!x_over)
        if (const auto ec = read_last()) return ec;
    if (x_over || knows_end()) {
        if (x_good == 0) return errc::malformed;
        x_over = true;
        return {};
    }
    return x_good == 0 && x_skipped > 0 ? errc::malformed : errc::interrupted;
}

std::optional<piece> decoder::take() {
    const bool end = x_over && x_good > 0 && !x_told_end;
    x_told_end = x_told_end || end;
    if (x_text.empty() && !x_counted && !end) return std::nullopt;
    piece out{.text = std::exchange(x_text, {}), .tokens = {}, .ended = {}};
    if (x_in && (x_counted || end)) out.tokens = token_count{*x_in, x_out};
    x_counted = false;
    if (end) out.ended = x_finish.value_or(finish::stop);
    return out;
}

error_code decoder::chunk(std::string_view json_text, const std::function<error_code(json::value)>& each) {
    const auto parsed = json::document::parse(json_text);
    if (!parsed || parsed->root().type() != json::kind::object) {
        ++x_skipped;
        return ++x_skipped_in_row > most_skipped_in_row ? make_error_code(errc::malformed) : error_code{};
    }
    x_skipped_in_row = 0;
    ++x_good;
    return each(parsed->root());
}

void decoder::add_text(std::string_view text) {
    if (text.empty()) return;
    x_text += text;
    progress();
}

void decoder::count_in(std::optional<std::int64_t> tokens) {
    if (!tokens || *tokens < 0 || *tokens > most_tokens) return;
    x_in = std::max(x_in.value_or(0), *tokens);
    x_counted = true;
}

void decoder::count_out(std::optional<std::int64_t> tokens) {
    if (!tokens || *tokens < 0 || *tokens > most_tokens) return;
    x_out = std::max(x_out, *tokens);
    x_counted = x_in.has_value();
}

}  // namespace airi::workers::providers
