#include "sql/memories.hpp"

#include "sql/statements.hpp"

namespace airi::sql::memories {
namespace {

std::string text_of(json::value v) { return std::string(v.string().value_or("")); }

}  // namespace

postgres::bound find_due(const events::chat_finished& in, const generation_id& title, const generation_id& summary) {
    return bind("memory.due",
        {{"conversation", in.conversation}, {"generation", in.generation}, {"title", title}, {"summary", summary}});
}

std::optional<due> read_due(std::string_view text) {
    const auto parsed = json::document::parse(text);
    if (!parsed || parsed->root().type() != json::kind::object) return std::nullopt;
    const auto v = parsed->root();
    due out;
    out.rank = v["rank"].integer().value_or(0);
    v["providers"].each([&](json::value name) { out.providers.push_back(text_of(name)); });
    out.question = text_of(v["title"]["question"]);
    out.reply = text_of(v["title"]["reply"]);
    v["turns"].each([&](json::value t) {
        out.turns.push_back({t["role"].string() == "user", text_of(t["content"]), text_of(t["created_at"])});
    });
    out.summary = text_of(v["summary"]);
    out.until = text_of(v["until"]);
    out.titled = v["titled"].boolean().value_or(false);
    out.folded = v["folded"].boolean().value_or(false);
    return out;
}

postgres::bound title(const events::chat_finished& in, const generation_id& id, std::string_view title,
    const std::vector<generations::provider_call>& calls) {
    return bind("memory.title", {{"conversation", in.conversation}, {"user", in.user}, {"id", id}, {"title", title},
                                    {"calls", generations::calls_json(calls)}});
}

postgres::bound fold(const events::chat_finished& in, const generation_id& id, const folding& folding,
    const std::vector<generations::provider_call>& calls) {
    return bind("memory.fold", {{"conversation", in.conversation}, {"user", in.user}, {"id", id},
                                   {"summary", folding.summary}, {"before", folding.before}, {"until", folding.until},
                                   {"count", folding.turns}, {"calls", generations::calls_json(calls)}});
}

std::optional<done> read_done(std::string_view text) {
    const auto parsed = json::document::parse(text);
    if (!parsed || parsed->root().type() != json::kind::object) return std::nullopt;
    done out;
    if (const auto c = parsed->root()["conversation"]; c.type() == json::kind::object) out.conversation = c.text();
    out.calls = generations::read_ledger(parsed->root()["calls"]);
    return out;
}

}  // namespace airi::sql::memories
