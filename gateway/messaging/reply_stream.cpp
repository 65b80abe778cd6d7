#include "gateway/messaging/reply_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace airi::gateway {
namespace {

constexpr seconds heartbeat{15}, longest_wait{30};

class watching_receiver final : public reply_receiver {
public:
    watching_receiver(services& services, std::shared_ptr<const account> caller)
        : services_(services), caller_(std::move(caller)) {}

    awaitable<> subscribe(const events::generation_ids& ids) override {
        watch_.emplace(std::make_shared<generation_watch>(services_, *caller_, ids));
        return (*watch_)->join();
    }
    awaitable<> accepted(const accepted_message& message) override { return (*watch_)->release(message.repeated); }

    watch_scope take() { return std::move(*watch_); }

private:
    services& services_;
    std::shared_ptr<const account> caller_;
    std::optional<watch_scope> watch_;
};

class sse final : public text_stream {
public:
    explicit sse(watch_scope watch) : watch_(std::move(watch)) {}

    awaitable<std::string> next() override {
        if (done_) co_return std::string{};
        const auto one = co_await watch_->next(std::chrono::steady_clock::now() + heartbeat);
        if (!one) {
            if (watch_->ended()) co_return std::string{};
            co_return std::string(": waiting\n\n");
        }
        done_ = events::is_end(one->type) || one->type == events::frame_type::held;
        co_return fmt::format("id: {}.{}.{}\nevent: {}\ndata: {}\n\n", watch_->generation().text(), one->at.epoch,
            one->at.offset, events::name_of(one->type), *one->frame);
    }

private:
    watch_scope watch_;
    bool done_ = false;
};

// A message that came too late, by the code with which it failed (lost_codes() in sql/functions/messages.sql).
std::optional<problem> lost_message(std::string_view code) {
    if (code == "message_replaced")
        return problem{
            409, "MESSAGE_REPLACED", "this message was edited or regenerated meanwhile: list the messages again"};
    if (code == "message_deleted") return problem{409, "MESSAGE_DELETED", "this message was deleted meanwhile"};
    if (code == "conversation_deleted")
        return problem{409, "CONVERSATION_DELETED", "the conversation was deleted meanwhile"};
    return std::nullopt;
}

}  // namespace

awaitable<std::variant<watched_message, problem>> submit_and_watch(services& services, submission in) {
    watching_receiver receiver(services, in.sender);
    auto submitted = co_await submit_message(services, std::move(in), receiver);
    if (auto* fault = std::get_if<problem>(&submitted)) co_return std::move(*fault);
    co_return watched_message{std::get<accepted_message>(std::move(submitted)), receiver.take()};
}

bool wants_events(const request& request) {
    return request.header("accept").find("text/event-stream") != std::string_view::npos;
}

seconds wait_of(const request& request) {
    const auto prefer = request.header("prefer");
    const auto at = prefer.find("wait=");
    if (at == std::string_view::npos) return longest_wait;
    long long given = 0;
    std::from_chars(prefer.data() + at + 5, prefer.data() + prefer.size(), given);
    return std::clamp(seconds{given}, seconds{0}, longest_wait);
}

streamed event_stream(watch_scope watch) {
    streamed out;
    out.head.content_type = "text/event-stream; charset=utf-8";
    out.body = std::make_unique<sse>(std::move(watch));
    return out;
}

std::optional<std::pair<generation_id, events::position>> read_resume_token(std::string_view text) {
    const auto number = [](std::string_view digits) -> std::optional<std::int64_t> {
        std::int64_t out = 0;
        const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
        return ec == std::errc{} && end == digits.data() + digits.size() ? std::optional(out) : std::nullopt;
    };
    const auto first = text.find('.'), second = text.find('.', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
    const auto generation = generation_id::parse(text.substr(0, first));
    const auto epoch = number(text.substr(first + 1, second - first - 1)), offset = number(text.substr(second + 1));
    if (!generation || !epoch || !offset) return std::nullopt;
    return std::pair{*generation, events::position{*epoch, *offset}};
}

awaitable<route_result> wait_for_reply(
    watch_scope scope, events::generation_ids ids, std::string client_message_id, seconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    std::string_view status = "accepted";
    while (limit.count() > 0) {
        const auto one = co_await scope->next(deadline);
        if (!one) break;
        if (one->type == events::frame_type::held) {
            status = "held";
            break;
        }
        if (!events::is_end(one->type)) continue;
        const auto frame = json::document::parse(*one->frame);
        const auto data = frame ? frame->root()["data"] : json::value{};
        const auto code = std::string(data["code"].string().value_or("FAILED"));
        switch (one->type) {
            case events::frame_type::rejected:
                if (data["reason"].string() == "moderation_unavailable")
                    co_return problem{503, "MODERATION_UNAVAILABLE", "the message could not be checked: send it again",
                        data.text(), 5};
                if (data["message"].exists()) co_return success(201, data["message"].text());
                co_return problem{422, "MESSAGE_REJECTED", "moderation rejected the message", data.text()};
            case events::frame_type::failed:
                if (auto lost = lost_message(code)) co_return std::move(*lost);
                if (code == "message_too_long")
                    co_return problem{
                        422, "MESSAGE_TOO_LONG", "the message is longer than the plan allows", data.text()};
                if (code == "quota_exceeded")
                    co_return problem{
                        429, "QUOTA_EXCEEDED", "today's tokens do not suffice for the message", data.text()};
                co_return problem{503, "GENERATION_FAILED", "the reply failed: " + code, data.text(), 5};
            default: co_return success(201, data["message"].text());
        }
    }
    const auto data = json::object()
                          .add("conversation_id", ids.conversation.text())
                          .add("message_id", ids.message.text())
                          .add("reply_id", ids.reply.text())
                          .add("generation_id", ids.generation.text())
                          .add("client_message_id", client_message_id)
                          .add("status", status)
                          .text();
    co_return success(202, data);
}

}  // namespace airi::gateway
