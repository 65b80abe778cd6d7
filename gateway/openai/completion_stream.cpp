#include "gateway/openai/completion_stream.hpp"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "gateway/openai/completion_parts.hpp"

namespace airi::gateway::openai {
namespace {

constexpr seconds completion_limit{300};
constexpr seconds heartbeat{15};
constexpr seconds longest_opening{10};

using clock = std::chrono::steady_clock;
using events::frame_type;

std::string event(std::string_view json) { return fmt::format("data: {}\n\n", json); }

// A reply that was rejected from a place on is a completion, cut off by the content filter. A message that waits for a
// person has no reply for a caller to wait for.
bool has_failed(frame_type type, json::value data) {
    return type == frame_type::failed || type == frame_type::held ||
           (type == frame_type::rejected && !data["message"].exists());
}

// Part of a call that was sent, by its index.
struct sent_call {
    std::string id, arguments;
};

// Text and calls that were sent cannot be taken back: a restart after them ends the stream in an error, which the SDKs
// raise. The first chunk waits for the model's name.
class chunk_stream final : public text_stream {
public:
    chunk_stream(watch_scope watch, completion of, bool include_usage)
        : watch_(std::move(watch)), completion_(std::move(of)), include_usage_(include_usage) {}

    // Waits for the first frame that decides how the response begins.
    awaitable<std::optional<problem>> open() {
        const auto deadline = clock::now() + longest_opening;
        while (auto one = co_await watch_->next(deadline)) {
            if (one->type == frame_type::start || one->type == frame_type::restart) continue;
            const auto parsed = json::document::parse(*one->frame);
            const auto data = parsed ? parsed->root()["data"] : json::value{};
            if (has_failed(one->type, data)) co_return failure_of(one->type, data);
            first_ = std::move(one);
            break;
        }
        co_return std::nullopt;
    }

    awaitable<std::string> next() override {
        if (done_) co_return std::string{};
        while (true) {
            auto one = std::exchange(first_, std::nullopt);
            if (!one) one = co_await watch_->next(clock::now() + heartbeat);
            if (!one) co_return watch_->ended() ? std::string{} : std::string(": waiting\n\n");
            auto text = translate(*one);
            if (!text.empty()) co_return text;
        }
    }

private:
    std::string translate(const entry& one) {
        const auto parsed = json::document::parse(*one.frame);
        const auto data = parsed ? parsed->root()["data"] : json::value{};
        switch (one.type) {
            case frame_type::start: return {};
            case frame_type::delta: return delta(data);
            case frame_type::snapshot: return continue_to(data["content"].string().value_or(""), {}, {});
            case frame_type::restart: return nothing_sent() ? std::string{} : end_restarted();
            case frame_type::complete:
            case frame_type::cancelled: return complete(data["message"]);
            case frame_type::held:
            case frame_type::rejected:
            case frame_type::failed:
                return has_failed(one.type, data) ? end_with(failure_of(one.type, data)) : complete(data["message"]);
        }
        return {};
    }

    std::string delta(json::value data) {
        if (const auto model = data["model"].string()) completion_.model = *model;
        const auto content = data["content"].string().value_or("");
        sent_ += content;
        data["tool_calls"].each([&](json::value part) { note_call(part); });
        sent_logprobs_ += data["logprobs"].size();
        return piece(content, data["tool_calls"], data["logprobs"].exists() ? data["logprobs"].text() : "");
    }

    void note_call(json::value part) {
        const auto index = static_cast<std::size_t>(part["index"].integer().value_or(0));
        if (calls_.size() <= index) calls_.resize(index + 1);
        auto& call = calls_[index];
        if (call.id.empty()) call.id = part["id"].string().value_or("");
        call.arguments += part["function"]["arguments"].string().value_or("");
    }

    std::string complete(json::value message) {
        if (const auto model = message["metadata"]["model"].string()) completion_.model = *model;
        const auto rest = rest_of_calls(message["metadata"]["tool_calls"]);
        if (!rest) return end_restarted();
        const auto calls = json::document::parse(*rest);
        auto out = continue_to(
            message["content"].string().value_or(""), calls->root(), rest_of_logprobs(message["metadata"]["logprobs"]));
        if (done_) return out;
        out += opening();
        out += chunk("{}", json::quoted(finish_reason_of(message, completion_.functions)), {});
        if (include_usage_) out += event(head().add_raw("choices", "[]").add_raw("usage", usage_of(message)).text());
        done_ = true;
        return out + "data: [DONE]\n\n";
    }

    // What `whole` has beyond the calls sent so far, as parts; none when they differ.
    std::optional<std::string> rest_of_calls(json::value whole) {
        json::array out;
        std::size_t index = 0;
        bool differs = whole.size() < calls_.size();
        whole.each([&](json::value call) {
            const auto id = call["id"].string().value_or("");
            const auto arguments = call["function"]["arguments"].string().value_or("");
            const auto sent = index < calls_.size() ? calls_[index] : sent_call{};
            const bool is_new = sent.id.empty();
            differs = differs || (!is_new && sent.id != id) || !arguments.starts_with(sent.arguments);
            json::object part, function;
            part.add("index", index++);
            if (is_new) part.add("id", id).add("type", "function");
            if (is_new) function.add("name", call["function"]["name"].string().value_or(""));
            if (differs || (!is_new && arguments.size() == sent.arguments.size())) return;
            function.add("arguments", arguments.substr(sent.arguments.size()));
            out.add(part.add_raw("function", function.text()));
        });
        return differs ? std::nullopt : std::optional(out.text());
    }

    std::string rest_of_logprobs(json::value whole) const {
        json::array out;
        std::size_t index = 0;
        whole.each([&](json::value one) {
            if (index++ >= sent_logprobs_) out.add_raw(one.text());
        });
        return out.empty() ? std::string{} : out.text();
    }

    // Sends what `whole` has beyond the text sent so far; a text that differs from it ends the stream.
    std::string continue_to(std::string_view whole, json::value calls, const std::string& logprobs) {
        if (!whole.starts_with(sent_)) return end_restarted();
        const auto rest = whole.substr(sent_.size());
        auto out = rest.empty() && calls.size() == 0 ? std::string{} : piece(rest, calls, logprobs);
        sent_ = whole;
        return out;
    }

    bool nothing_sent() const { return sent_.empty() && calls_.empty(); }
    std::string end_restarted() { return end_with({500, "stream_restarted", "the reply was restarted, ask again"}); }
    std::string end_with(const problem& problem) {
        done_ = true;
        return event(openai_error(problem));
    }

    json::object head() const {
        json::object out;
        out.add("id", completion_.id)
            .add("object", "chat.completion.chunk")
            .add("created", completion_.created)
            .add("model", completion_.model);
        return out;
    }
    std::string opening() {
        if (std::exchange(opened_, true)) return {};
        return chunk(R"({"role":"assistant","content":""})", "null", {});
    }
    std::string piece(std::string_view text, json::value calls, const std::string& logprobs) {
        json::object out;
        if (!text.empty()) out.add("content", text);
        add_calls(out, calls, completion_.functions);
        auto first = opening();
        return first + chunk(out.text(), "null", logprobs);
    }
    std::string chunk(std::string_view delta, std::string_view finish, const std::string& logprobs) {
        auto out = head();
        out.add_raw("choices", fmt::format(R"([{{"index":0,"delta":{},"logprobs":{},"finish_reason":{}}}])", delta,
                                   logprobs_of(logprobs), finish));
        if (include_usage_) out.add_raw("usage", "null");
        return event(out.text());
    }

    watch_scope watch_;
    completion completion_;
    std::optional<entry> first_;
    std::string sent_;
    std::vector<sent_call> calls_;
    std::size_t sent_logprobs_ = 0;
    bool include_usage_, opened_ = false, done_ = false;
};

std::string message_of(json::value message, bool functions) {
    json::object out;
    const auto calls = message["metadata"]["tool_calls"];
    const auto text = message["content"].string().value_or("");
    out.add("role", "assistant").add_raw("content", text.empty() && calls.size() > 0 ? "null" : json::quoted(text));
    add_calls(out, calls, functions);
    return out.add_raw("refusal", "null").text();
}

response completion_of(json::value message, const completion& of) {
    const auto metadata = message["metadata"];
    const auto logprobs = metadata["logprobs"];
    const auto choice = json::object()
                            .add("index", 0)
                            .add_raw("message", message_of(message, of.functions))
                            .add_raw("logprobs", logprobs_of(logprobs.exists() ? logprobs.text() : ""))
                            .add("finish_reason", finish_reason_of(message, of.functions))
                            .text();
    response out;
    out.body = json::object()
                   .add("id", of.id)
                   .add("object", "chat.completion")
                   .add("created", of.created)
                   .add("model", metadata["model"].string().value_or(of.model))
                   .add_raw("choices", "[" + choice + "]")
                   .add_raw("usage", usage_of(message))
                   .text();
    return out;
}

}  // namespace

awaitable<std::variant<std::unique_ptr<text_stream>, problem>> completion_stream(
    watch_scope watch, completion of, bool include_usage) {
    auto stream = std::make_unique<chunk_stream>(std::move(watch), std::move(of), include_usage);
    if (auto fault = co_await stream->open()) co_return std::move(*fault);
    co_return std::unique_ptr<text_stream>(std::move(stream));
}

awaitable<route_result> whole_completion(watch_scope watch, completion of) {
    const auto deadline = clock::now() + completion_limit;
    while (const auto one = co_await watch->next(deadline)) {
        if (!events::is_end(one->type) && one->type != frame_type::held) continue;
        const auto parsed = json::document::parse(*one->frame);
        const auto data = parsed ? parsed->root()["data"] : json::value{};
        if (has_failed(one->type, data)) co_return failure_of(one->type, data);
        co_return answer(completion_of(data["message"], of));
    }
    co_return problem{504, "timeout", "the reply took too long"};
}

}  // namespace airi::gateway::openai
