#include "workers/chat/reply_cache.hpp"

#include "platform/base/json.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/redis/redis.hpp"

namespace airi::workers::chat {
namespace {

class redis_cache final : public reply_cache {
public:
    redis_cache(redis::client& client, const seconds& life) : client_(client), life_(life) {}

    awaitable<std::optional<kept_reply>> find(std::string key) override {
        if (life_.count() <= 0) co_return std::nullopt;
        const auto got = co_await client_.command({"GET", std::move(key)});
        if (!got || got->is != redis::reply::kind::text) co_return std::nullopt;
        const auto parsed = json::document::parse(got->text);
        if (!parsed) co_return std::nullopt;
        const auto text = parsed->root()["text"].string();
        const auto in = parsed->root()["tokens_in"].integer(), out = parsed->root()["tokens_out"].integer();
        if (!text || !in || !out) co_return std::nullopt;
        co_return kept_reply{std::string(*text), {*in, *out}};
    }

    awaitable<> keep(std::string key, kept_reply reply) override {
        if (life_.count() <= 0) co_return;
        auto value = json::object()
                         .add("text", reply.text)
                         .add("tokens_in", reply.tokens.in)
                         .add("tokens_out", reply.tokens.out)
                         .text();
        std::vector<std::string> words{"SET", std::move(key), std::move(value), "EX", std::to_string(life_.count())};
        co_await client_.command(std::move(words));
    }

private:
    redis::client& client_;
    const seconds& life_;
};

}  // namespace

bool repeatable(std::string_view parameters) {
    const auto parsed = json::document::parse(parameters);
    if (!parsed) return false;
    const auto p = parsed->root();
    const auto top_p = p["top_p"];
    return p["temperature"].number() == 0.0 && (!top_p.exists() || top_p.is_null() || top_p.number() == 1.0) &&
           !p["tools"].exists() && !p["anew"].exists();
}

std::string reply_key(const user_id& user, std::string_view provider, const providers::prompt& asked) {
    std::string turns = "[";
    for (const auto& t : asked.turns)
        turns += (turns.size() > 1 ? "," : "") +
                 json::object().add("role", static_cast<int>(t.who)).add("text", t.text).text();
    json::object all;
    all.add("user", user.text())
        .add("provider", provider)
        .add("model", asked.model)
        .add("max_tokens", asked.max_tokens)
        .add("temperature", asked.temperature)
        .add_raw("turns", turns + "]");
    return "reply:" + digest::sha256_hex(all.text());
}

std::unique_ptr<reply_cache> open_reply_cache(redis::client& client, const seconds& life) {
    return std::make_unique<redis_cache>(client, life);
}

}  // namespace airi::workers::chat
