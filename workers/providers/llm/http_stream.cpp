#include "workers/providers/llm/http_stream.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "platform/base/log.hpp"
#include "workers/providers/llm/refusal.hpp"

namespace airi::workers::providers {
namespace {

using moment = std::chrono::steady_clock::time_point;
using std::chrono::steady_clock;

// Between the reason why a reply ends and the end mark only counts are to come: nobody should wait a whole
// gap for them.
constexpr milliseconds longest_epilogue{2'000};
constexpr std::size_t most_error_body = 64 * 1024;
constexpr std::size_t most_drained = 64 * 1024;

// A provider's own word for an error is worth logging; its message may quote the prompt and is not.
std::string error_word(std::string_view body) {
    const auto parsed = json::document::parse(body);
    if (!parsed) return {};
    const auto error = parsed->root()["error"];
    for (const auto word : {error["code"], error["type"]})
        if (const auto text = word.string()) return std::string(text->substr(0, 64));
    return {};
}

// Reads what follows the end mark, so that the connection can be used again.
awaitable<> drain(std::unique_ptr<http::answer> rest) {
    rest->give_up_at(steady_clock::now() + longest_epilogue);
    [[maybe_unused]] const auto ignored = co_await rest->read_all(most_drained);
}

// Shared by the stream and its pending `next`, so that destroying the stream in the middle of one is safe.
struct reading {
    std::unique_ptr<http::answer> from;
    std::unique_ptr<decoder> how;
    std::string provider;
    time_limits bound;
    moment first_by;
    executor on;
    error_code failed;

    moment content_by() const {
        const auto now = steady_clock::now();
        if (how->knows_end()) return now + std::min(bound.gap, longest_epilogue);
        return how->has_begun() ? now + bound.gap : first_by;
    }

    void close(error_code why) {
        if (!failed && how->skipped() > 0)
            log::warn("provider_chunks_skipped", {{"provider", provider}, {"count", how->skipped()}});
        if (!failed) failed = why;
        from.reset();
    }
};

// The reply is whole: what follows its end mark is read in the background.
void end(reading& r) {
    if (r.from) boost::asio::co_spawn(r.on, drain(std::move(r.from)), boost::asio::detached);
    r.close(errc::interrupted);
}

awaitable<result<piece>> next_piece(std::shared_ptr<reading> r) {
    auto content_by = r->content_by();
    for (;;) {
        if (auto found = r->how->take()) {
            if (found->ended) end(*r);
            co_return std::move(*found);
        }
        if (r->failed) co_return r->failed;
        r->from->give_up_at(content_by);
        const bool knew_end = r->how->knows_end();
        const auto bytes = co_await r->from->read();
        if (r->failed) co_return r->failed;
        error_code ec;
        if (!bytes)
            ec = meaning_of_transport(bytes.error(), r->how->has_begun());
        else
            ec = bytes->empty() ? r->how->body_ended() : r->how->push(*bytes);
        if (ec && r->how->knows_end())
            r->how->end_now();
        else if (ec)
            r->close(ec);
        if (r->how->take_progress() || r->how->knows_end() != knew_end) content_by = r->content_by();
    }
}

class http_stream final : public chat_stream {
public:
    explicit http_stream(std::shared_ptr<reading> r) : reading_(std::move(r)) {}
    ~http_stream() override { reading_->close(errc::interrupted); }
    awaitable<result<piece>> next() override { return next_piece(reading_); }

private:
    std::shared_ptr<reading> reading_;
};

// A 200 that carries no stream: an error object, or a page of whatever answers at this address.
bool carries_no_stream(const http::answer& from) {
    const auto type = from.header("content-type");
    return type.starts_with("application/json") || type.starts_with("text/html");
}

error_code refused(const chat_call& call, unsigned status, std::string_view body, const http::answer& from) {
    auto means = meaning_of_status(status, body);
    if (status == 200) {
        const auto parsed = json::document::parse(body);
        const bool has_error = parsed && parsed->root()["error"].exists();
        means = has_error ? meaning_of_error(parsed->root()["error"]) : errc::malformed;
    }
    const auto wait = pause_asked(from.header("retry-after-ms"), from.header("retry-after"), now());
    if (wait > milliseconds{0}) call.pause->ask(wait);
    const error_code ec = means;
    log::warn("provider_refused", {{"provider", call.provider}, {"status", status}, {"reason", ec.message()},
                                      {"code", error_word(body)}, {"retry_after_ms", wait.count()}});
    return ec;
}

}  // namespace

milliseconds pause_note::left() const {
    const auto left = std::chrono::ceil<milliseconds>(until_ - steady_clock::now());
    return std::max(left, milliseconds{0});
}

awaitable<result<std::unique_ptr<chat_stream>>> open_chat(http::client& with, executor on, chat_call call) {
    const auto& bound = call.bound;
    const auto first_by = steady_clock::now() + bound.first_token;
    call.what.bound.connect = std::min(call.what.bound.connect, bound.first_token);
    call.what.bound.first_byte = bound.first_token;
    call.what.bound.gap = std::max(bound.first_token, bound.gap);
    call.what.bound.total = bound.total;
    auto sent = co_await with.send(std::move(call.what));
    if (!sent) {
        log::warn("provider_unreachable", {{"provider", call.provider}, {"reason", sent.error().message()}});
        if (sent.error() == http::errc::cut) co_return errc::unavailable;
        co_return meaning_of_transport(sent.error(), false);
    }
    auto from = std::move(*sent);
    if (from->status() != 200 || carries_no_stream(*from)) {
        const auto body = co_await from->read_all(most_error_body);
        co_return refused(call, from->status(), body ? *body : std::string(), *from);
    }
    auto r = std::make_shared<reading>(std::move(from), std::move(call.how), std::move(call.provider), call.bound,
        first_by, std::move(on), error_code{});
    co_return std::make_unique<http_stream>(std::move(r));
}

}  // namespace airi::workers::providers
