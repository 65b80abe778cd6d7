#include "sql/generations.hpp"

#include "sql/search.hpp"
#include "sql/statements.hpp"

namespace airi::sql::generations {
namespace {

std::string text_of(json::value v) { return std::string(v.string().value_or("")); }
std::int64_t number_of(json::value v) { return v.integer().value_or(0); }

std::optional<std::string> optional(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

end end_of(json::value v) {
    end out;
    out.state = text_of(v["state"]);
    out.error_code = text_of(v["error_code"]);
    out.provider = text_of(v["provider"]);
    out.model = text_of(v["model"]);
    out.epoch = number_of(v["epoch"]);
    out.offset = number_of(v["checkpoint_offset"]);
    out.tokens_in = number_of(v["tokens_in"]);
    out.tokens_out = number_of(v["tokens_out"]);
    out.cost_nanousd = number_of(v["cost_nanousd"]);
    out.latency_ms = number_of(v["latency_ms"]);
    out.finished_at = parse_instant(v["finished_at"].string().value_or("")).value_or(instant{});
    out.message = v["message"].text();
    out.cached = v["message"]["metadata"]["cached"].boolean().value_or(false);
    out.superseded = v["message"]["metadata"]["superseded"].boolean().value_or(false);
    out.calls = read_ledger(v["calls"]);
    return out;
}

}  // namespace

std::vector<ledger_line> read_ledger(json::value lines) {
    std::vector<ledger_line> out;
    lines.each([&](json::value v) {
        const auto id = event_id::parse(text_of(v["id"]));
        if (!id) return;
        out.push_back({*id, text_of(v["provider"]), text_of(v["model"]), text_of(v["outcome"]),
            {.in = number_of(v["tokens_in"]),
                .out = number_of(v["tokens_out"]),
                .cached = number_of(v["tokens_cached"]),
                .reasoning = number_of(v["tokens_reasoning"])},
            number_of(v["cost_nanousd"]), number_of(v["price_version"]),
            parse_instant(v["at"].string().value_or("")).value_or(instant{})});
    });
    return out;
}

std::string calls_json(const std::vector<provider_call>& calls) {
    std::string out = "[";
    int number = 0;
    for (const auto& c : calls) {
        if (out.size() > 1) out += ',';
        out += json::object()
                   .add("epoch", c.epoch)
                   .add("call", number++)
                   .add("provider", c.provider)
                   .add("model", c.model)
                   .add("outcome", c.outcome)
                   .add("tokens_in", c.tokens.in)
                   .add("tokens_out", c.tokens.out)
                   .add("tokens_cached", c.tokens.cached)
                   .add("tokens_cache_write", c.tokens.cache_write)
                   .add("tokens_reasoning", c.tokens.reasoning)
                   .add("cost_nanousd", c.cost_nanousd)
                   .add("latency_ms", c.latency_ms)
                   .add("own_in", c.own_in)
                   .add("own_out", c.own_out)
                   .add("counted_by", c.counted_by_provider ? "provider" : "airi")
                   .add("reported", optional(c.reported))
                   .add("price_version", c.price_version)
                   .text();
    }
    return out + ']';
}

postgres::bound screen(
    const events::chat_requested& in, const verdict_row& verdict, const std::optional<std::string>& safety) {
    return bind("messages.screen",
        {{"message", in.message}, {"conversation", in.conversation}, {"user", in.user}, {"generation", in.generation},
            {"reply", in.reply}, {"client", in.client_message_id}, {"content", in.content},
            {"content_type", in.content_type}, {"model", in.model},
            {"parameters", in.parameters.text.empty() ? std::string("{}") : in.parameters.text}, {"listed", in.listed},
            {"created", in.created_at}, {"action", verdict.action}, {"categories", verdict.categories},
            {"confidence", verdict.confidence}, {"reason", verdict.reason}, {"replaces", optional(in.replaces)},
            {"safety", safety}, {"words", search::vector_of(in.content)}});
}

std::optional<screened> read_screened(const postgres::rows& rows) {
    const auto parsed = rows.empty() ? std::nullopt : std::optional(json::document::parse(rows.text(0, 0)));
    if (!parsed || !*parsed) return std::nullopt;
    const auto v = (*parsed)->root();
    screened out;
    out.stale = v["stale"].exists();
    out.state = v["stale"].text();
    out.repeated = v["repeated"].boolean().value_or(false);
    out.decision = v["decision"].text();
    out.review = text_of(v["review"]);
    if (const auto verdict = v["verdict"]; verdict.type() == json::kind::object) {
        out.action = text_of(verdict["action"]);
        out.reason = text_of(verdict["reason"]);
        out.confidence = verdict["confidence"].number().value_or(0);
        verdict["categories"].each([&](json::value one) { out.categories.push_back(text_of(one)); });
    }
    if (v["end"].type() == json::kind::object) out.ended = end_of(v["end"]);
    out.lost = text_of(v["lost"]);
    v["stopped"].each([&](json::value id) {
        if (const auto stopped = generation_id::parse(text_of(id))) out.stopped.push_back(*stopped);
    });
    return out;
}

postgres::bound abandon_message(const events::chat_requested& in, std::string_view error_code) {
    return bind("messages.abandon",
        {{"message", in.message}, {"conversation", in.conversation}, {"user", in.user}, {"generation", in.generation},
            {"reply", in.reply}, {"created", in.created_at}, {"error", error_code}});
}

postgres::bound claim(const generation_id& id, std::string_view owner, milliseconds lease) {
    return bind("generations.claim", {{"id", id}, {"owner", owner}, {"lease_ms", lease.count()}});
}

std::optional<claimed> read_claim(std::string_view text) {
    const auto parsed = json::document::parse(text);
    if (!parsed) return std::nullopt;
    const auto v = parsed->root();
    const auto state = v["state"].string();
    if (!state) return std::nullopt;
    claimed out;
    if (*state == "unknown") return out;
    if (*state == "leased") {
        out.is = claimed::kind::leased;
        out.wait = milliseconds{number_of(v["wait_ms"])};
        return out;
    }
    if (*state != "mine") {
        out.is = claimed::kind::ended;
        out.ended = end_of(v);
        return out;
    }
    out.is = claimed::kind::mine;
    out.epoch = number_of(v["epoch"]);
    out.attempts = number_of(v["attempts"]);
    out.cancelled = v["cancelled"].boolean().value_or(false);
    out.model = text_of(v["model"]);
    out.parameters = v["parameters"].text();
    out.safety_state = text_of(v["safety"]["safety_state"]);
    out.rank = number_of(v["rank"]);
    out.context_tokens = number_of(v["context_tokens"]);
    out.reply_tokens = number_of(v["reply_tokens"]);
    out.system_prompt = text_of(v["system_prompt"]);
    out.personality = text_of(v["personality"]);
    out.summary = text_of(v["summary"]);
    out.quota_tokens = v["quota_tokens"].integer().value_or(-1);
    out.game_session = v["game_session"].string().value_or("");
    if (v["tools"].type() == json::kind::array) out.tools = v["tools"].text();
    v["providers"].each([&](json::value name) { out.providers.push_back(text_of(name)); });
    v["history"].each(
        [&](json::value turn) { out.history.push_back({turn["role"].string() == "user", text_of(turn["content"])}); });
    return out;
}

provider_call with_earlier(provider_call call, const std::vector<provider_call>& earlier) {
    for (const auto& each : earlier) {
        if (each.epoch != call.epoch) continue;
        call.tokens.in += each.tokens.in;
        call.tokens.out += each.tokens.out;
        call.cost_nanousd += each.cost_nanousd;
    }
    return call;
}

postgres::bound heartbeat(const generation_id& id, std::int64_t epoch, milliseconds lease, std::string_view text,
    std::int64_t offset, const provider_call& under_way) {
    return bind("generations.heartbeat",
        {{"id", id}, {"epoch", epoch}, {"lease_ms", lease.count()}, {"text", text}, {"offset", offset},
            {"provider", under_way.provider}, {"model", under_way.model}, {"tokens_in", under_way.tokens.in},
            {"tokens_out", under_way.tokens.out}, {"cost", under_way.cost_nanousd}});
}

postgres::bound calls(const generation_id& id, const std::vector<provider_call>& calls) {
    return bind("generations.calls", {{"id", id}, {"calls", calls_json(calls)}});
}

postgres::bound restart(const generation_id& id, std::int64_t epoch) {
    return bind("generations.restart", {{"id", id}, {"epoch", epoch}});
}

postgres::bound release(const generation_id& id, std::int64_t epoch) {
    return bind("generations.release", {{"id", id}, {"epoch", epoch}});
}

postgres::bound finish(const generation_id& id, std::int64_t epoch, const ending& ending) {
    return bind("generations.finish",
        {{"id", id}, {"epoch", epoch}, {"state", ending.state}, {"content", ending.content},
            {"error", optional(ending.error_code)}, {"provider", optional(ending.provider)},
            {"model", optional(ending.model)}, {"tokens_in", ending.tokens_in}, {"tokens_out", ending.tokens_out},
            {"cost", ending.cost_nanousd}, {"latency", ending.latency_ms}, {"offset", ending.offset},
            {"calls", calls_json(ending.calls)}, {"cached", ending.cached}, {"question_bytes", ending.question_bytes},
            {"details", ending.details}, {"words", search::vector_of(ending.content)}});
}

postgres::bound abandon(const generation_id& id, std::string_view error_code) {
    return bind("generations.abandon", {{"id", id}, {"error", error_code}});
}

std::optional<end> read_end(std::string_view text) {
    const auto parsed = json::document::parse(text);
    if (!parsed || parsed->root().type() != json::kind::object) return std::nullopt;
    return end_of(parsed->root());
}

}  // namespace airi::sql::generations
