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

std::int64_t weight(const turn& t) { return providers::estimate_tokens(t.text) + turn_overhead; }

role role_of(std::string_view name) {
    if (name == "assistant") return role::assistant;
    return name == "system" || name == "developer" ? role::system : role::user;
}

}  // namespace

providers::prompt build_prompt(const sql::generations::claimed& claim, const providers::priced_model& model) {
    providers::prompt out;
    out.model = model.model;
    out.max_tokens = std::min(claim.reply_tokens, model.reply_tokens);
    std::vector<turn> older;  // newest first
    auto instructions = claim.personality;
    const auto parsed = json::document::parse(claim.parameters);
    if (parsed) {
        const auto p = parsed->root();
        if (const auto most = p["max_tokens"].integer(); most && *most > 0)
            out.max_tokens = std::min(out.max_tokens, *most);
        out.temperature = p["temperature"].number();
        p["turns"].each([&](json::value t) {
            turn one{role_of(t["role"].string().value_or("user")), std::string(t["content"].string().value_or(""))};
            if (one.speaker == role::system)
                instructions += (instructions.empty() ? "" : "\n\n") + one.text;
            else
                older.push_back(std::move(one));
        });
        std::reverse(older.begin(), older.end());
    }
    if (!claim.system_prompt.empty()) instructions += (instructions.empty() ? "" : "\n\n") + claim.system_prompt;
    if (older.empty()) {
        for (const auto& t : claim.history) older.push_back({t.by_user ? role::user : role::assistant, t.text});
        if (!claim.summary.empty())
            instructions += (instructions.empty() ? "" : "\n\n") + std::string(summary_heading) + claim.summary;
    }
    std::int64_t budget = std::min(claim.context_tokens, model.context_tokens) - out.max_tokens;
    if (!instructions.empty()) {
        out.turns.push_back({role::system, std::move(instructions)});
        budget -= weight(out.turns.front());
    }
    std::size_t kept = 0;
    for (; kept < older.size(); ++kept) {
        budget -= weight(older[kept]);
        if (budget < 0 && kept > 0) break;
    }
    out.turns.insert(out.turns.end(), std::make_move_iterator(older.rend() - static_cast<std::ptrdiff_t>(kept)),
        std::make_move_iterator(older.rend()));
    return out;
}

std::int64_t estimate_tokens(const providers::prompt& prompt) {
    std::int64_t sum = 0;
    for (const auto& t : prompt.turns) sum += weight(t);
    return sum;
}

}  // namespace airi::workers::chat
