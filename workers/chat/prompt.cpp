#include "workers/chat/prompt.hpp"

#include <algorithm>
#include <span>

#include "platform/base/json.hpp"
#include "workers/providers/estimate.hpp"

namespace airi::workers::chat {
namespace {

using providers::role;
using providers::turn;

constexpr std::int64_t turn_overhead = 4;  // tokens that chat formats spend on each turn
constexpr std::string_view summary_heading = "What was said before, in short:\n";

std::int64_t weight(std::string_view text) { return providers::estimate_tokens(text) + turn_overhead; }
std::int64_t weight(const turn& turn) {
    auto out = weight(turn.text);
    for (const auto& call : turn.calls) out += weight(call.name) + weight(call.arguments);
    return out;
}

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
    if (name == "tool") return role::tool;
    return name == "system" || name == "developer" ? role::system : role::user;
}

turn turn_of(json::value given) {
    turn out{role_of(given["role"].string().value_or("user")), std::string(given["content"].string().value_or(""))};
    given["tool_calls"].each([&](json::value call) {
        const auto function = call["function"];
        out.calls.push_back(
            {std::string(call["id"].string().value_or("")), std::string(function["name"].string().value_or("")),
                std::string(function["arguments"].string().value_or(""))});
    });
    out.call_id = given["tool_call_id"].string().value_or("");
    return out;
}

std::string options_of(json::value parameters) {
    json::object out;
    bool any = false;
    for (const auto name : providers::passed_parameters) {
        const auto given = parameters[name];
        if (!given.exists()) continue;
        out.add_raw(name, given.text());
        any = true;
    }
    return any ? out.text() : std::string{};
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
        out.options = options_of(p);
        p["turns"].each([&](json::value t) {
            auto one = turn_of(t);
            if (one.speaker == role::system)
                append_paragraph(instructions, one.text);
            else
                older.push_back(std::move(one));
        });
        std::reverse(older.begin(), older.end());
    }
    append_paragraph(instructions, claim.system_prompt);
    std::string summary;
    const bool callers_own = !older.empty();
    if (!callers_own) {
        if (!claim.tools.empty()) out.options = json::object().add_raw("tools", claim.tools).text();
        for (const auto& t : claim.history) older.push_back({t.by_user ? role::user : role::assistant, t.text});
        if (!claim.summary.empty()) summary = std::string(summary_heading) + claim.summary;
    }
    const auto limit = std::min(claim.context_tokens, model.context_tokens);
    // A turn of the caller's that had no room would be missed in silence: all of them are the question.
    auto question = older.empty() ? 0 : weight(older.front());
    if (callers_own)
        for (const auto& turn : std::span(older).subspan(1)) question += weight(turn);
    if (!out.options.empty()) question += weight(out.options);
    const auto least_reply = std::min(out.max_tokens, limit / 4);
    out.max_tokens =
        std::clamp(limit - question - (instructions.empty() ? 0 : weight(instructions)), least_reply, out.max_tokens);
    std::int64_t budget = limit - out.max_tokens - question;
    if (budget < 0) return out;
    if (callers_own && !instructions.empty() && weight(instructions) > budget) return out;
    instructions = clipped(std::move(instructions), budget);
    auto with_summary = instructions;
    append_paragraph(with_summary, summary);
    if (weight(with_summary) <= budget) instructions = std::move(with_summary);
    if (!instructions.empty()) {
        out.turns.push_back({role::system, std::move(instructions)});
        budget -= weight(out.turns.front().text);
    }
    std::size_t kept = callers_own ? older.size() : std::min<std::size_t>(older.size(), 1);
    for (; kept < older.size(); ++kept) {
        budget -= weight(older[kept]);
        if (budget < 0) break;
    }
    out.left_out = older.size() - kept;
    out.turns.insert(out.turns.end(), std::make_move_iterator(older.rend() - static_cast<std::ptrdiff_t>(kept)),
        std::make_move_iterator(older.rend()));
    return out;
}

std::int64_t estimate_tokens(const providers::prompt& prompt) {
    std::int64_t sum = 0;
    for (const auto& t : prompt.turns) sum += weight(t);
    return sum + (prompt.options.empty() ? 0 : weight(prompt.options));
}

bool asks_for_json(const providers::prompt& prompt) {
    const auto options = json::document::parse(prompt.options);
    const auto type = options ? options->root()["response_format"]["type"].string() : std::nullopt;
    return type && *type != "text";
}

}  // namespace airi::workers::chat
