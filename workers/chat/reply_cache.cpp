#include "workers/chat/reply_cache.hpp"

#include "platform/base/json.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/redis/redis.hpp"

namespace airi::workers::chat {
namespace {

class redis_cache final : public reply_cache {
public:
    redis_cache(redis::client& client, const seconds& lifetime) : client_(client), lifetime_(lifetime) {}

    awaitable<std::optional<cached_reply>> find(std::string key) override {
        if (lifetime_.count() <= 0) co_return std::nullopt;
        const auto got = co_await client_.command({"GET", std::move(key)});
        if (!got || got->is != redis::reply::kind::text) co_return std::nullopt;
        const auto parsed = json::document::parse(got->text);
        if (!parsed) co_return std::nullopt;
        const auto text = parsed->root()["text"].string();
        const auto in = parsed->root()["tokens_in"].integer(), out = parsed->root()["tokens_out"].integer();
        if (!text || !in || !out) co_return std::nullopt;
        co_return cached_reply{std::string(*text), {*in, *out}};
    }

    awaitable<> store(std::string key, cached_reply reply) override {
        if (lifetime_.count() <= 0) co_return;
        auto value = json::object()
                         .add("text", reply.text)
                         .add("tokens_in", reply.tokens.in)
                         .add("tokens_out", reply.tokens.out)
                         .text();
        std::vector<std::string> command{
            "SET", std::move(key), std::move(value), "EX", std::to_string(lifetime_.count())};
        co_await client_.command(std::move(command));
    }

private:
    redis::client& client_;
    const seconds& lifetime_;
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

std::string reply_key(const user_id& user, std::string_view provider, const providers::prompt& prompt) {
    json::array turns;
    for (const auto& turn : prompt.turns)
        turns.add(json::object().add("role", static_cast<int>(turn.speaker)).add("text", turn.text));
    json::object all;
    all.add("user", user.text())
        .add("provider", provider)
        .add("model", prompt.model)
        .add("max_tokens", prompt.max_tokens)
        .add("temperature", prompt.temperature)
        .add("options", prompt.options)
        .add_raw("turns", turns.text());
    return "reply:" + digest::sha256_hex(all.text());
}

std::unique_ptr<reply_cache> open_reply_cache(redis::client& client, const seconds& lifetime) {
    return std::make_unique<redis_cache>(client, lifetime);
}

}  // namespace airi::workers::chat
