#include "workers/providers/llm/ollama.hpp"

#include <utility>
#include <vector>

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
        count_in(root["prompt_eval_count"].integer());
        count_out(root["eval_count"].integer());
        if (root["done"].boolean() == true) {
            set_finish(root["done_reason"].string() == "length" ? finish::length : finish::stop);
            set_over();
        }
        return {};
    }

    http::ndjson_parser ndjson_;
    std::vector<std::string> lines_;
};

std::string body_of(const prompt& prompt) {
    json::array messages;
    for (const auto& turn : prompt.turns)
        messages.add(json::object().add("role", name_of(turn.speaker)).add("content", turn.text));
    json::object options;
    options.add("num_predict", prompt.max_tokens);
    if (prompt.temperature) options.add("temperature", *prompt.temperature);
    json::object out;
    out.add("model", prompt.model).add_raw("messages", messages.text()).add("stream", true);
    out.add_raw("options", std::move(options).text());
    return std::move(out).text();
}

class ollama final : public chat_provider {
public:
    ollama(ollama_config config, http::client& client, executor executor)
        : config_(std::move(config)), client_(client), executor_(std::move(executor)) {}

    std::string_view name() const override { return "ollama"; }
    milliseconds retry_after() const override { return pause_->left(); }

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
