#include "workers/providers/llm/anthropic.hpp"

#include <algorithm>
#include <array>
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
    if (text == "tool_use") return finish::tool_calls;
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
        if (type == "content_block_start") return begin_block(root["content_block"]);
        if (type == "content_block_delta") {
            progress();
            return take_delta(root["delta"]);
        }
        if (type == "content_block_stop") return end_block();
        if (type == "message_start") {
            take_usage(root["message"]["usage"]);
        } else if (type == "message_delta") {
            take_usage(root["usage"]);
            if (const auto why = root["delta"]["stop_reason"].string()) set_finish(reason_of(*why));
        } else if (type == "message_stop") {
            set_over();
        }
        return {};
    }

    // The blocks come one after the other, so a delta belongs to the last one begun.
    error_code begin_block(json::value block) {
        in_call_ = block["type"].string() == "tool_use";
        if (!in_call_) return {};
        has_arguments_ = false;
        return add_call(calls_++, block["id"].string().value_or(""), block["name"].string().value_or(""), "");
    }

    error_code take_delta(json::value delta) {
        if (delta["type"].string() == "text_delta") add_text(delta["text"].string().value_or(""));
        const auto part = delta["partial_json"].string().value_or("");
        if (!in_call_ || part.empty()) return {};
        has_arguments_ = true;
        return add_call(calls_ - 1, "", "", part);
    }

    // A call without arguments has no delta.
    error_code end_block() {
        const bool empty = std::exchange(in_call_, false) && !has_arguments_;
        return empty ? add_call(calls_ - 1, "", "", "{}") : error_code{};
    }

    // Tokens read from or written to the prompt cache are not part of input_tokens.
    void take_usage(json::value usage) {
        report(usage);
        std::int64_t in = 0;
        for (const auto* field : {"input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"})
            in += std::clamp<std::int64_t>(usage[field].integer().value_or(0), 0, most_tokens);
        if (usage["input_tokens"].integer()) count_in(in);
        count_cached(usage["cache_read_input_tokens"].integer());
        count_cache_write(usage["cache_creation_input_tokens"].integer());
        count_out(usage["output_tokens"].integer());
    }

    http::sse_parser sse_;
    std::vector<http::sse_event> events_;
    std::size_t calls_ = 0;
    bool in_call_ = false, has_arguments_ = false;
};

constexpr std::array<std::string_view, 9> unknown_parameters{"seed", "presence_penalty", "frequency_penalty",
    "logit_bias", "logprobs", "top_logprobs", "reasoning_effort", "verbosity", "response_format"};

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

class anthropic final : public chat_provider {
public:
    anthropic(anthropic_config config, http::client& client, executor executor)
        : config_(std::move(config)), client_(client), executor_(std::move(executor)) {}

    std::string_view name() const override { return "anthropic"; }
    milliseconds retry_after() const override { return pause_->left(); }
    std::string_view lacks(const prompt& prompt) const override { return first_given(prompt, unknown_parameters); }

    awaitable<result<std::unique_ptr<chat_stream>>> start(prompt prompt, time_limits limits) override {
        http::request out;
        out.url = config_.base_url + "/messages";
        out.headers = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream"},
            {"anthropic-version", "2023-06-01"}, {"x-api-key", config_.key.current().reveal()}};
        out.body = anthropic_body(prompt);
        return open_chat(client_, executor_, {"anthropic", std::move(out), anthropic_decoder(), limits, pause_});
    }

    awaitable<result<>> probe(milliseconds limit) override {
        http::request out;
        out.url = config_.base_url + "/models";
        out.headers = {{"anthropic-version", "2023-06-01"}, {"x-api-key", config_.key.current().reveal()}};
        return probe_address(client_, std::move(out), limit);
    }

private:
    anthropic_config config_;
    http::client& client_;
    executor executor_;
    std::shared_ptr<requested_pause> pause_ = std::make_shared<requested_pause>();
};

constexpr std::string_view user = "user", assistant = "assistant";

// Text, or the JSON of a block that is no text.
struct block {
    std::string text, json;
};

struct message {
    std::string_view role;
    std::vector<block> blocks;
};

void add_text(message& to, std::string_view text) {
    if (!to.blocks.empty() && to.blocks.back().json.empty())
        to.blocks.back().text.append("\n\n").append(text);
    else
        to.blocks.push_back({std::string(text), {}});
}

void add_block(message& to, std::string json) { to.blocks.push_back({{}, std::move(json)}); }

// https://docs.claude.com/en/docs/agents-and-tools/tool-use/implement-tool-use
std::string call_block(const tool_call& call) {
    const auto input = json::document::parse(call.arguments);
    const bool is_object = input && input->root().type() == json::kind::object;
    return json::object()
        .add("type", "tool_use")
        .add("id", call.id)
        .add("name", call.name)
        .add_raw("input", is_object ? std::string_view(call.arguments) : "{}")
        .text();
}

std::string result_block(const turn& turn) {
    return json::object().add("type", "tool_result").add("tool_use_id", turn.call_id).add("content", turn.text).text();
}

std::string content_of(const message& message) {
    if (message.blocks.size() == 1 && message.blocks.front().json.empty())
        return json::quoted(message.blocks.front().text);
    json::array out;
    for (const auto& [text, json] : message.blocks) {
        if (json.empty())
            out.add(json::object().add("type", "text").add("text", text));
        else
            out.add_raw(json);
    }
    return out.text();
}

std::string tools_of(json::value tools) {
    json::array out;
    tools.each([&](json::value tool) {
        const auto function = tool["function"];
        json::object one;
        one.add("name", function["name"].string().value_or(""));
        if (const auto text = function["description"].string()) one.add("description", *text);
        const auto schema = function["parameters"];
        one.add_raw("input_schema", schema.type() == json::kind::object ? schema.text() : R"({"type":"object"})");
        out.add(one);
    });
    return out.text();
}

std::string tool_choice_of(json::value choice, bool parallel) {
    json::object out;
    const auto word = choice.string().value_or("auto");
    if (const auto name = choice["function"]["name"].string())
        out.add("type", "tool").add("name", *name);
    else
        out.add("type", word == "required" ? "any" : word);
    if (!parallel && word != "none") out.add("disable_parallel_tool_use", true);
    return out.text();
}

void add_options(json::object& out, json::value options) {
    if (const auto top_p = options["top_p"].number()) out.add("top_p", *top_p);
    if (const auto stop = options["stop"]; stop.exists())
        out.add_raw("stop_sequences", stop.string() ? json::array().add(*stop.string()).text() : stop.text());
    if (const auto tools = options["tools"]; tools.exists()) {
        out.add_raw("tools", tools_of(tools));
        out.add_raw("tool_choice",
            tool_choice_of(options["tool_choice"], options["parallel_tool_calls"].boolean().value_or(true)));
    }
}

}  // namespace

std::string anthropic_body(const prompt& prompt) {
    std::string system;
    std::vector<message> messages;
    const auto at = [&](std::string_view role) -> message& {
        // A companion's greeting precedes the user's first turn, but the first turn must be the user's.
        if (messages.empty() && role == assistant) messages.push_back({user, {{"(The conversation begins.)", {}}}});
        if (messages.empty() || messages.back().role != role) messages.push_back({role, {}});
        return messages.back();
    };
    for (const auto& turn : prompt.turns) {
        if (turn.speaker == role::tool) {
            add_block(at(user), result_block(turn));
            continue;
        }
        // Anthropic rejects an empty text block with 400.
        if (!is_blank(turn.text)) {
            if (turn.speaker == role::system)
                system += (system.empty() ? "" : "\n\n") + turn.text;
            else
                add_text(at(turn.speaker == role::user ? user : assistant), turn.text);
        }
        for (const auto& call : turn.calls) add_block(at(assistant), call_block(call));
    }
    if (messages.empty()) messages.push_back({user, {{"(The conversation begins.)", {}}}});

    json::array list;
    for (const auto& one : messages) list.add(json::object().add("role", one.role).add_raw("content", content_of(one)));
    json::object out;
    out.add("model", prompt.model).add("max_tokens", prompt.max_tokens);
    if (!system.empty()) out.add("system", system);
    out.add_raw("messages", list.text()).add("stream", true);
    // The scale ends at 1 here, at 2 in OpenAI's API.
    if (prompt.temperature) out.add("temperature", std::min(*prompt.temperature, 1.0));
    if (const auto options = json::document::parse(prompt.options)) add_options(out, options->root());
    return std::move(out).text();
}

std::unique_ptr<chat_provider> anthropic_provider(anthropic_config config, http::client& client, executor executor) {
    return std::make_unique<anthropic>(std::move(config), client, std::move(executor));
}

std::unique_ptr<decoder> anthropic_decoder() { return std::make_unique<anthropic_events>(); }

}  // namespace airi::workers::providers
