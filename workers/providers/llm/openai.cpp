#include "workers/providers/llm/openai.hpp"

#include <utility>
#include <vector>

#include "platform/http/sse.hpp"
#include "workers/providers/llm/http_stream.hpp"
#include "workers/providers/llm/refusal.hpp"

namespace airi::workers::providers {
namespace {

finish reason_of(std::string_view text) {
    if (text == "length") return finish::length;
    if (text == "content_filter") return finish::filtered;
    if (text == "tool_calls" || text == "function_call") return finish::tool_calls;
    return finish::stop;
}

class openai_chunks final : public decoder {
public:
    explicit openai_chunks(std::string_view usage_parent) : usage_parent_(usage_parent) {}

protected:
    error_code read(std::string_view bytes) override {
        events_.clear();
        const auto ec = sse_.push(bytes, events_);
        for (const auto& event : events_) {
            if (const auto failed = take_event(event)) return failed;
            if (over()) return {};
        }
        return ec;
    }

private:
    error_code take_event(const http::sse_event& event) {
        if (event.data == "[DONE]") {
            set_over();
            return {};
        }
        const bool is_error = event.type == "error";
        return chunk(event.data, [this, is_error](json::value root) { return take_chunk(root, is_error); });
    }

    error_code take_chunk(json::value root, bool is_error) {
        const auto error = root["error"];
        if (error.exists() && !error.is_null()) return meaning_of_error(error);
        if (is_error) return meaning_of_error(root);
        // In any chunk: some vendors send the counts in one whose `choices` is not empty.
        if (!usage_parent_.empty()) take_usage(root[usage_parent_]["usage"]);
        take_usage(root["usage"]);
        error_code failed;
        root["choices"].each([&](json::value choice) {
            if (!failed && choice["index"].integer().value_or(0) == 0) failed = take_choice(choice);
        });
        return failed;
    }

    void take_usage(json::value usage) {
        report(usage);
        count_in(usage["prompt_tokens"].integer());
        count_out(usage["completion_tokens"].integer());
        count_cached(usage["prompt_tokens_details"]["cached_tokens"].integer());
        count_reasoning(usage["completion_tokens_details"]["reasoning_tokens"].integer());
    }

    error_code take_choice(json::value choice) {
        const auto delta = choice["delta"].exists() ? choice["delta"] : choice["message"];
        for (const auto* field : {"content", "refusal"})
            if (const auto text = delta[field].string()) add_text(*text);
        for (const auto* field : {"reasoning_content", "reasoning"})
            if (const auto thought = delta[field].string(); thought && !thought->empty()) progress();
        add_logprobs(choice["logprobs"]["content"]);
        if (const auto why = choice["finish_reason"].string(); why && !why->empty()) set_finish(reason_of(*why));
        return take_calls(delta["tool_calls"]);
    }

    // A vendor that sends each call whole may leave the index out.
    error_code take_calls(json::value calls) {
        error_code failed;
        std::size_t number = 0;
        calls.each([&](json::value call) {
            const auto index = call["index"].integer().value_or(static_cast<std::int64_t>(number++));
            const auto function = call["function"];
            if (!failed)
                failed = add_call(static_cast<std::size_t>(index), call["id"].string().value_or(""),
                    function["name"].string().value_or(""), function["arguments"].string().value_or(""));
        });
        return failed;
    }

    std::string_view usage_parent_;
    http::sse_parser sse_;
    std::vector<http::sse_event> events_;
};

std::string body_of(const prompt& prompt, const openai_dialect& dialect) {
    json::array messages;
    for (const auto& turn : prompt.turns) {
        json::object message;
        message.add("role", name_of(turn.speaker));
        if (turn.calls.empty())
            message.add("content", turn.text);
        else
            message.add_raw("content", turn.text.empty() ? "null" : json::quoted(turn.text))
                .add_raw("tool_calls", calls_json(turn.calls));
        if (turn.speaker == role::tool) message.add("tool_call_id", turn.call_id);
        messages.add(message);
    }
    json::object out;
    out.add("model", prompt.model).add_raw("messages", messages.text()).add("stream", true);
    if (dialect.wants_usage) out.add_raw("stream_options", R"({"include_usage":true})");
    out.add(dialect.max_tokens_field, prompt.max_tokens);
    if (prompt.temperature) out.add("temperature", *prompt.temperature);
    if (const auto options = json::document::parse(prompt.options))
        options->root().members([&](std::string_view name, json::value given) { out.add_raw(name, given.text()); });
    return std::move(out).text();
}

// stream_options and max_completion_tokens came to Azure in September 2024.
bool is_recent(std::string_view azure_api_version) { return azure_api_version >= "2024-09-01"; }

class openai final : public chat_provider {
public:
    openai(openai_config config, http::client& client, executor executor)
        : config_(std::move(config)), client_(client), executor_(std::move(executor)) {}

    std::string_view name() const override { return config_.dialect.name; }
    milliseconds retry_after() const override { return pause_->left(); }
    std::string_view lacks(const prompt& prompt) const override { return first_given(prompt, config_.dialect.lacks); }

    awaitable<result<std::unique_ptr<chat_stream>>> start(prompt prompt, time_limits limits) override {
        auto dialect = config_.dialect;
        auto out = request_to("/chat/completions");
        if (dialect.azure) {
            const auto& deployment = config_.azure_deployment.empty() ? prompt.model : config_.azure_deployment;
            const auto version = version_for(prompt.api_version);
            out.url =
                config_.base_url + "/openai/deployments/" + deployment + "/chat/completions?api-version=" + version;
            if (!is_recent(version)) {
                dialect.max_tokens_field = "max_tokens";
                dialect.wants_usage = false;
            }
        }
        out.headers.emplace_back("Content-Type", "application/json");
        out.headers.emplace_back("Accept", "text/event-stream");
        out.body = body_of(prompt, dialect);
        auto decoder = openai_decoder(dialect.usage_parent);
        return open_chat(
            client_, executor_, {std::string(dialect.name), std::move(out), std::move(decoder), limits, pause_});
    }

    awaitable<result<>> probe(milliseconds limit) override {
        auto out = request_to("/models");
        if (config_.dialect.azure) out.url = config_.base_url + "/openai/models?api-version=" + version_for({});
        return probe_address(client_, std::move(out), limit);
    }

private:
    http::request request_to(std::string_view path) const {
        const auto& dialect = config_.dialect;
        http::request out;
        out.url = config_.base_url + std::string(path);
        out.headers.emplace_back(dialect.key_header, std::string(dialect.key_prefix) + config_.key.current().reveal());
        return out;
    }
    std::string version_for(std::string_view wanted) const {
        if (!config_.azure_api_version.empty()) return config_.azure_api_version;
        return std::string(wanted.empty() ? recent_azure_api_version : wanted);
    }

    openai_config config_;
    http::client& client_;
    executor executor_;
    std::shared_ptr<requested_pause> pause_ = std::make_shared<requested_pause>();
};

}  // namespace

std::unique_ptr<chat_provider> openai_provider(openai_config config, http::client& client, executor executor) {
    return std::make_unique<openai>(std::move(config), client, std::move(executor));
}

std::unique_ptr<decoder> openai_decoder(std::string_view usage_parent) {
    return std::make_unique<openai_chunks>(usage_parent);
}

}  // namespace airi::workers::providers
