#include "workers/chat/prompt.hpp"

#include <algorithm>

#include "platform/base/json.hpp"
#include "workers/providers/estimate.hpp"

namespace airi::workers::chat {
namespace {

using providers::role;
using providers::turn;

constexpr std::int64_t turn_overhead = 4;  // tokens that chat formats spend on each turn
constexpr std::string_view summary_heading = "What was said before, in short:\n";

std::int64_t weight(std::string_view text) { return providers::estimate_tokens(text) + turn_overhead; }

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

// The beginning of a text that has at most this weight; empty when not even a word has.
std::string clipped(std::string text, std::int64_t most) {
    while (!text.empty() && weight(text) > most) {
        auto bytes = static_cast<std::size_t>(std::max<std::int64_t>(most - turn_overhead, 0)) * text.size() /
                     static_cast<std::size_t>(providers::estimate_tokens(text));
        bytes = std::min(bytes, text.size() - 1);
        while (bytes > 0 && !begins_character(text[bytes])) --bytes;
        text.resize(bytes);
    }
    return text;
}

void append_paragraph(std::string& to, std::string_view text) {
    if (!text.empty()) to.append(to.empty() ? "" : "\n\n").append(text);
}

role role_of(std::string_view name) {
    if (name == "assistant") return role::assistant;
    return name == "system" || name == "developer" ? role::system : role::user;
}

}  // namespace

providers::prompt build_prompt(
    const sql::generations::claimed& claim, const providers::priced_model& model, const prompt_rules& rules) {
    providers::prompt out;
    out.temperature = rules.temperature;
    out.model = model.id();
    out.api_version = model.api_version;
    out.max_tokens = std::min(claim.reply_tokens, model.reply_tokens);
    std::vector<turn> older;  // newest first
    const bool in_distress = !claim.safety_state.empty() && claim.safety_state != "NORMAL";
    auto instructions = in_distress ? std::string(rules.distress) : std::string{};
    append_paragraph(instructions, claim.personality);
    const auto parsed = json::document::parse(claim.parameters);
    if (parsed) {
        const auto p = parsed->root();
        if (const auto most = p["max_tokens"].integer(); most && *most > 0)
            out.max_tokens = std::min(out.max_tokens, *most);
        if (const auto given = p["temperature"].number()) out.temperature = given;
        p["turns"].each([&](json::value t) {
            turn one{role_of(t["role"].string().value_or("user")), std::string(t["content"].string().value_or(""))};
            if (one.speaker == role::system)
                append_paragraph(instructions, one.text);
            else
                older.push_back(std::move(one));
        });
        std::reverse(older.begin(), older.end());
    }
    append_paragraph(instructions, claim.system_prompt);
    std::string summary;
    if (older.empty()) {
        for (const auto& t : claim.history) older.push_back({t.by_user ? role::user : role::assistant, t.text});
        if (!claim.summary.empty()) summary = std::string(summary_heading) + claim.summary;
    }
    const auto limit = std::min(claim.context_tokens, model.context_tokens);
    const auto question = older.empty() ? 0 : weight(older.front().text);
    const auto least_reply = std::min(out.max_tokens, limit / 4);
    out.max_tokens =
        std::clamp(limit - question - (instructions.empty() ? 0 : weight(instructions)), least_reply, out.max_tokens);
    std::int64_t budget = limit - out.max_tokens - question;
    if (budget < 0) return out;
    instructions = clipped(std::move(instructions), budget);
    auto with_summary = instructions;
    append_paragraph(with_summary, summary);
    if (weight(with_summary) <= budget) instructions = std::move(with_summary);
    if (!instructions.empty()) {
        out.turns.push_back({role::system, std::move(instructions)});
        budget -= weight(out.turns.front().text);
    }
    std::size_t kept = older.empty() ? 0 : 1;
    for (; kept < older.size(); ++kept) {
        budget -= weight(older[kept].text);
        if (budget < 0) break;
    }
    out.turns.insert(out.turns.end(), std::make_move_iterator(older.rend() - static_cast<std::ptrdiff_t>(kept)),
        std::make_move_iterator(older.rend()));
    return out;
}

std::int64_t estimate_tokens(const providers::prompt& prompt) {
    std::int64_t sum = 0;
    for (const auto& t : prompt.turns) sum += weight(t.text);
    return sum;
}

}  // namespace airi::workers::chat
