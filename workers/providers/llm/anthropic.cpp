#include "workers/providers/llm/anthropic.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "platform/http/sse.hpp"
#include "workers/providers/llm/http_stream.hpp"
#include "workers/providers/llm/refusal.hpp"

namespace airi::workers::providers {
namespace {

constexpr std::int64_t most_tokens = 10'000'000;

finish reason_of(std::string_view text) {
    if (text == "max_tokens" || text == "model_context_window_exceeded") return finish::length;
    if (text == "refusal") return finish::filtered;
    return finish::stop;
}

class anthropic_events final : public decoder {
protected:
    error_code read(std::string_view bytes) override {
        events_.clear();
        const auto ec = sse_.push(bytes, events_);
        for (const auto& event : events_) {
            const auto failed = chunk(event.data, [this](json::value root) { return take_event(root); });
            if (failed) return failed;
            if (over()) return {};
        }
        return ec;
    }

private:
    error_code take_event(json::value root) {
        const auto type = root["type"].string().value_or("");
        if (type == "error") return meaning_of_error(root["error"]);
        if (type == "content_block_delta") {
            const auto delta = root["delta"];
            progress();
            if (delta["type"].string() == "text_delta") add_text(delta["text"].string().value_or(""));
        } else if (type == "message_start") {
            take_usage(root["message"]["usage"]);
        } else if (type == "message_delta") {
            take_usage(root["usage"]);
            if (const auto why = root["delta"]["stop_reason"].string()) set_finish(reason_of(*why));
        } else if (type == "message_stop") {
            set_over();
        }
        return {};
    }

    // Tokens read from or written to the prompt cache are not part of input_tokens.
    void take_usage(json::value usage) {
        std::int64_t in = 0;
        for (const auto* field : {"input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"})
            in += std::clamp<std::int64_t>(usage[field].integer().value_or(0), 0, most_tokens);
        if (usage["input_tokens"].integer()) count_in(in);
        count_out(usage["output_tokens"].integer());
    }

    http::sse_parser sse_;
    std::vector<http::sse_event> events_;
};

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

class anthropic final : public chat_provider {
public:
    anthropic(anthropic_config config, http::client& client, executor executor)
        : config_(std::move(config)), client_(client), executor_(std::move(executor)) {}

    std::string_view name() const override { return "anthropic"; }
    milliseconds retry_after() const override { return pause_->left(); }

    awaitable<result<std::unique_ptr<chat_stream>>> start(prompt prompt, time_limits limits) override {
        http::request out;
        out.url = config_.base_url + "/messages";
        out.headers = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream"},
            {"anthropic-version", "2023-06-01"}, {"x-api-key", config_.key.reveal()}};
        out.body = anthropic_body(prompt);
        return open_chat(client_, executor_, {"anthropic", std::move(out), anthropic_decoder(), limits, pause_});
    }

    awaitable<result<>> probe(milliseconds limit) override {
        http::request out;
        out.url = config_.base_url + "/models";
        out.headers = {{"anthropic-version", "2023-06-01"}, {"x-api-key", config_.key.reveal()}};
        return probe_address(client_, std::move(out), limit);
    }

private:
    anthropic_config config_;
    http::client& client_;
    executor executor_;
    std::shared_ptr<requested_pause> pause_ = std::make_shared<requested_pause>();
};

}  // namespace

std::string anthropic_body(const prompt& prompt) {
    std::string system;
    std::vector<providers::turn> turns;
    for (const auto& turn : prompt.turns) {
        // Anthropic rejects an empty text block with 400.
        if (is_blank(turn.text)) continue;
        if (turn.speaker == role::system) {
            system += (system.empty() ? "" : "\n\n") + turn.text;
            continue;
        }
        // A companion's greeting precedes the user's first turn, but the first turn must be the user's.
        if (turns.empty() && turn.speaker == role::assistant)
            turns.push_back({role::user, "(The conversation begins.)"});
        if (!turns.empty() && turns.back().speaker == turn.speaker)
            turns.back().text += "\n\n" + turn.text;
        else
            turns.push_back(turn);
    }
    if (turns.empty()) turns.push_back({role::user, "(The conversation begins.)"});

    json::array messages;
    for (const auto& turn : turns) {
        const std::string_view name = turn.speaker == role::user ? "user" : "assistant";
        messages.add(json::object().add("role", name).add("content", turn.text));
    }
    json::object out;
    out.add("model", prompt.model).add("max_tokens", prompt.max_tokens);
    if (!system.empty()) out.add("system", system);
    out.add_raw("messages", messages.text()).add("stream", true);
    // The scale ends at 1 here, at 2 in OpenAI's API.
    if (prompt.temperature) out.add("temperature", std::min(*prompt.temperature, 1.0));
    return std::move(out).text();
}

std::unique_ptr<chat_provider> anthropic_provider(anthropic_config config, http::client& client, executor executor) {
    return std::make_unique<anthropic>(std::move(config), client, std::move(executor));
}

std::unique_ptr<decoder> anthropic_decoder() { return std::make_unique<anthropic_events>(); }

}  // namespace airi::workers::providers
