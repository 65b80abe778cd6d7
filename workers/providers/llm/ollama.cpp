#include "workers/providers/llm/ollama.hpp"

#include <array>
#include <utility>
#include <vector>

#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"
#include "platform/http/ndjson.hpp"
#include "workers/providers/llm/http_stream.hpp"
#include "workers/providers/llm/refusal.hpp"

namespace airi::workers::providers {
namespace {

class ollama_lines final : public decoder {
protected:
    error_code read(std::string_view bytes) override {
        const auto ec = ndjson_.push(bytes, lines_);
        const auto failed = take_lines();
        return failed ? failed : ec;
    }
    error_code read_last() override {
        ndjson_.finish(lines_);
        return take_lines();
    }

private:
    error_code take_lines() {
        for (const auto& line : std::exchange(lines_, {})) {
            const auto failed = chunk(line, [this](json::value root) { return take_line(root); });
            if (failed) return failed;
            if (over()) return {};
        }
        return {};
    }

    error_code take_line(json::value root) {
        const auto error = root["error"];
        if (error.exists() && !error.is_null()) return meaning_of_error(error);
        const auto message = root["message"];
        if (const auto text = message["content"].string()) add_text(*text);
        if (const auto thought = message["thinking"].string(); thought && !thought->empty()) progress();
        if (const auto failed = take_calls(message["tool_calls"])) return failed;
        count_in(root["prompt_eval_count"].integer());
        count_out(root["eval_count"].integer());
        if (root["done"].boolean() == true) {
            set_finish(root["done_reason"].string() == "length" ? finish::length : finish::stop);
            set_over();
        }
        return {};
    }

    // Each call comes whole, with its arguments as an object and, from older servers, without an id.
    error_code take_calls(json::value calls) {
        error_code failed;
        calls.each([&](json::value call) {
            const auto function = call["function"], arguments = function["arguments"];
            const auto number = calls_++;
            const auto id = call["id"].string().value_or("");
            if (!failed)
                failed = add_call(number, id.empty() ? "call_" + uuid::v7(now()).text() : std::string(id),
                    function["name"].string().value_or(""),
                    arguments.type() == json::kind::object ? arguments.text() : "{}");
        });
        return failed;
    }

    http::ndjson_parser ndjson_;
    std::vector<std::string> lines_;
    std::size_t calls_ = 0;
};

constexpr std::array<std::string_view, 4> unknown_parameters{"logit_bias", "logprobs", "top_logprobs", "verbosity"};

std::string message_of(const turn& turn) {
    json::object out;
    out.add("role", name_of(turn.speaker)).add("content", turn.text);
    if (turn.calls.empty()) return out.text();
    json::array calls;
    for (const auto& call : turn.calls) {
        const auto parsed = json::document::parse(call.arguments);
        const bool is_object = parsed && parsed->root().type() == json::kind::object;
        const auto function = json::object()
                                  .add("name", call.name)
                                  .add_raw("arguments", is_object ? std::string_view(call.arguments) : "{}")
                                  .text();
        calls.add(json::object().add_raw("function", function));
    }
    return out.add_raw("tool_calls", calls.text()).text();
}

// https://github.com/ollama/ollama/blob/main/docs/api.md: sampling parameters are options, a JSON Schema is `format`.
void add_options(json::object& out, json::object& options, json::value given) {
    for (const auto* name : {"top_p", "seed", "presence_penalty", "frequency_penalty"})
        if (const auto value = given[name]; value.exists()) options.add_raw(name, value.text());
    if (const auto stop = given["stop"]; stop.exists())
        options.add_raw("stop", stop.string() ? json::array().add(*stop.string()).text() : stop.text());
    if (given["tools"].exists() && given["tool_choice"].string() != "none") out.add_raw("tools", given["tools"].text());
    if (const auto effort = given["reasoning_effort"].string()) out.add("think", *effort);
    const auto format = given["response_format"];
    if (format["type"].string() == "json_object") out.add("format", "json");
    if (format["type"].string() == "json_schema") out.add_raw("format", format["json_schema"]["schema"].text());
}

std::string body_of(const prompt& prompt) {
    json::array messages;
    for (const auto& turn : prompt.turns) messages.add_raw(message_of(turn));
    json::object options;
    options.add("num_predict", prompt.max_tokens);
    if (prompt.temperature) options.add("temperature", *prompt.temperature);
    json::object out;
    out.add("model", prompt.model).add_raw("messages", messages.text()).add("stream", true);
    if (const auto given = json::document::parse(prompt.options)) add_options(out, options, given->root());
    out.add_raw("options", std::move(options).text());
    return std::move(out).text();
}

class ollama final : public chat_provider {
public:
    ollama(ollama_config config, http::client& client, executor executor)
        : config_(std::move(config)), client_(client), executor_(std::move(executor)) {}

    std::string_view name() const override { return "ollama"; }
    milliseconds retry_after() const override { return pause_->left(); }
    std::string_view lacks(const prompt& prompt) const override {
        if (const auto name = first_given(prompt, unknown_parameters); !name.empty()) return name;
        const auto given = json::document::parse(prompt.options);
        if (!given) return {};
        const auto choice = given->root()["tool_choice"];
        if (choice.exists() && choice.string() != "auto" && choice.string() != "none") return "tool_choice";
        return given->root()["parallel_tool_calls"].boolean() == false ? "parallel_tool_calls" : "";
    }

    awaitable<result<std::unique_ptr<chat_stream>>> start(prompt prompt, time_limits limits) override {
        http::request out;
        out.url = config_.base_url + "/api/chat";
        out.headers = {{"Content-Type", "application/json"}, {"Accept", "application/x-ndjson"}};
        out.body = body_of(prompt);
        return open_chat(client_, executor_, {"ollama", std::move(out), ollama_decoder(), limits, pause_});
    }

    awaitable<result<>> probe(milliseconds limit) override {
        http::request out;
        out.url = config_.base_url + "/api/version";
        return probe_address(client_, std::move(out), limit);
    }
    bool assumed() const override { return config_.assumed; }

private:
    ollama_config config_;
    http::client& client_;
    executor executor_;
    std::shared_ptr<requested_pause> pause_ = std::make_shared<requested_pause>();
};

}  // namespace

std::unique_ptr<chat_provider> ollama_provider(ollama_config config, http::client& client, executor executor) {
    return std::make_unique<ollama>(std::move(config), client, std::move(executor));
}

std::unique_ptr<decoder> ollama_decoder() { return std::make_unique<ollama_lines>(); }

}  // namespace airi::workers::providers
