#include "gateway/openai/completion_stream.hpp"

#include <fmt/format.h>

#include "platform/base/json.hpp"

namespace airi::gateway::openai {
namespace {

constexpr seconds completion_limit{300};
constexpr seconds heartbeat{15};

std::string usage_of(json::value message) {
    const auto in = message["metadata"]["tokens_in"].integer().value_or(0),
               out = message["metadata"]["tokens_out"].integer().value_or(0);
    return json::object().add("prompt_tokens", in).add("completion_tokens", out).add("total_tokens", in + out).text();
}

std::string event(std::string_view json) { return fmt::format("data: {}\n\n", json); }

std::string error_event(std::string_view code, std::string_view message) {
    const auto error = json::object()
                           .add("message", message)
                           .add("type", "server_error")
                           .add_raw("param", "null")
                           .add("code", code)
                           .text();
    return event(json::object().add_raw("error", error).text());
}

// Text that was sent cannot be taken back: a restart after it ends the stream in an error, which the SDKs raise.
class chunk_stream final : public text_stream {
public:
    chunk_stream(watch_scope watch, completion of, bool include_usage)
        : watch_(std::move(watch)), completion_(std::move(of)), include_usage_(include_usage) {}

    awaitable<std::string> next() override {
        if (done_) co_return std::string{};
        if (!opened_) {
            opened_ = true;
            co_return chunk(R"({"role":"assistant","content":""})", "null");
        }
        while (true) {
            const auto one = co_await watch_->next(std::chrono::steady_clock::now() + heartbeat);
            if (!one) co_return watch_->ended() ? std::string{} : std::string(": waiting\n\n");
            auto text = translate(*one);
            if (!text.empty()) co_return text;
        }
    }

private:
    std::string translate(const entry& one) {
        using events::frame_type;
        const auto parsed = json::document::parse(*one.frame);
        const auto data = parsed ? parsed->root()["data"] : json::value{};
        const auto content = data["content"].string().value_or("");
        switch (one.type) {
            case frame_type::start: return {};
            case frame_type::delta: sent_ += content; return text_chunk(content);
            case frame_type::snapshot: return continue_to(content);
            case frame_type::restart: return sent_.empty() ? std::string{} : end_restarted();
            case frame_type::complete:
            case frame_type::cancelled: return complete(data["message"]);
            case frame_type::rejected:
                return end_with_error("content_policy_violation", "moderation rejected the message");
            case frame_type::failed:
                return end_with_error(data["code"].string().value_or("failed"), "the reply failed");
        }
        return {};
    }

    std::string complete(json::value message) {
        auto out = continue_to(message["content"].string().value_or(""));
        if (done_) return out;
        out += chunk("{}", "\"stop\"");
        if (include_usage_) out += event(head().add_raw("choices", "[]").add_raw("usage", usage_of(message)).text());
        done_ = true;
        return out + "data: [DONE]\n\n";
    }

    // Sends what `whole` has beyond the text sent so far; a text that differs from it ends the stream.
    std::string continue_to(std::string_view whole) {
        if (!whole.starts_with(sent_)) return end_restarted();
        const auto rest = whole.substr(sent_.size());
        auto out = rest.empty() ? std::string{} : text_chunk(rest);
        sent_ = whole;
        return out;
    }

    std::string end_restarted() { return end_with_error("stream_restarted", "the reply was restarted, ask again"); }
    std::string end_with_error(std::string_view code, std::string_view message) {
        done_ = true;
        return error_event(code, message);
    }

    json::object head() const {
        json::object out;
        out.add("id", completion_.id)
            .add("object", "chat.completion.chunk")
            .add("created", completion_.created)
            .add("model", completion_.model);
        return out;
    }
    std::string text_chunk(std::string_view text) { return chunk(json::object().add("content", text).text(), "null"); }
    std::string chunk(std::string_view delta, std::string_view finish) {
        auto out = head();
        out.add_raw(
            "choices", fmt::format(R"([{{"index":0,"delta":{},"logprobs":null,"finish_reason":{}}}])", delta, finish));
        if (include_usage_) out.add_raw("usage", "null");
        return event(out.text());
    }

    watch_scope watch_;
    completion completion_;
    std::string sent_;
    bool include_usage_, opened_ = false, done_ = false;
};

}  // namespace

std::unique_ptr<text_stream> completion_stream(watch_scope watch, completion of, bool include_usage) {
    return std::make_unique<chunk_stream>(std::move(watch), std::move(of), include_usage);
}

awaitable<route_result> whole_completion(watched_message watched, completion of) {
    auto reply = co_await wait_for_reply(
        std::move(watched.watch), watched.message.ids, watched.message.client_message_id, completion_limit);
    if (auto* fault = std::get_if<problem>(&reply)) {
        if (fault->code == "MESSAGE_REJECTED") co_return problem{400, "content_policy_violation", fault->message};
        co_return std::move(*fault);
    }
    const auto& whole = std::get<response>(std::get<answer>(reply));
    if (whole.status != 201) co_return problem{504, "timeout", "the reply took too long"};
    const auto parsed = json::document::parse(whole.body);
    const auto message = parsed ? parsed->root()["data"] : json::value{};
    const auto text = json::object()
                          .add("role", "assistant")
                          .add("content", message["content"].string().value_or(""))
                          .add_raw("refusal", "null")
                          .text();
    response out;
    out.body = json::object()
                   .add("id", of.id)
                   .add("object", "chat.completion")
                   .add("created", of.created)
                   .add("model", of.model)
                   .add_raw("choices",
                       fmt::format(R"([{{"index":0,"message":{},"logprobs":null,"finish_reason":"stop"}}])", text))
                   .add_raw("usage", usage_of(message))
                   .text();
    co_return answer(std::move(out));
}

}  // namespace airi::gateway::openai
