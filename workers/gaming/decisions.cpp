#include "workers/gaming/decisions.hpp"

#include <algorithm>

#include "platform/base/ascii.hpp"
#include "platform/base/json.hpp"
#include "workers/gaming/verbs.hpp"
#include "workers/providers/games/game.hpp"

namespace airi::workers::gaming {
namespace {

constexpr std::size_t most_in_window = 6;
constexpr seconds window{10};
constexpr int most_blocks = 256;  // broken and placed in a session

bool has_code(std::string_view text, std::string_view code) {
    return !code.empty() && !std::ranges::search(text, code, {}, lower, lower).empty();
}

}  // namespace

std::string_view name_of(about_words what) {
    switch (what) {
        case about_words::granted: return "granted";
        case about_words::command: return "command";
        case about_words::heard: return "heard";
        case about_words::blocked: return "blocked";
    }
    return {};
}

bool words_budget::take(instant at) {
    while (!taken_.empty() && at - taken_.front() >= window) taken_.pop_front();
    if (taken_.size() >= most_in_window) return false;
    taken_.push_back(at);
    return true;
}

about_words decide(const player_said& words, words_budget& budget) {
    if (has_code(words.text, words.code)) return about_words::granted;
    if (words.blocked) return about_words::blocked;
    return words.may_command && budget.take(words.at) ? about_words::command : about_words::heard;
}

about_command decide(const asked_command& asked) {
    about_command out;
    const auto given = json::document::parse(asked.arguments);
    out.mistake = given ? mistake_in(asked.game, asked.verb, given->root()) : "arguments must be JSON";
    if (!out.mistake.empty()) {
        out.error = "BAD_ARGUMENTS";
    } else if (asked.verb == "say") {
        if (asked.blocked)
            out.error = "TEXT_NOT_ALLOWED";
        else
            out.lines = spoken_lines(given->root()["text"].string().value_or(""));
    } else if (asked.verb != "stop") {
        // A stop runs beside a command whose blocks are not counted yet.
        out.blocks = std::clamp(most_blocks - asked.blocks_used, 0, providers::games::command_limits{}.blocks);
    }
    return out;
}

std::string text_said(std::string_view verb, std::string_view arguments) {
    if (verb != "say") return {};
    const auto given = json::document::parse(arguments);
    return given ? std::string(given->root()["text"].string().value_or("")) : std::string{};
}

}  // namespace airi::workers::gaming
