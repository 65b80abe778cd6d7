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

// Between the finish reason and the end mark only counts may follow: they are not worth waiting a whole gap for.
constexpr milliseconds longest_epilogue{2'000};
constexpr std::size_t most_error_body = 64 * 1024;
constexpr std::size_t most_drained = 64 * 1024;

// A provider's error code is logged; its message is not, for it may quote the prompt.
std::string error_code_of(std::string_view body) {
    const auto parsed = json::document::parse(body);
    if (!parsed) return {};
    const auto error = parsed->root()["error"];
    for (const auto code : {error["code"], error["type"]})
        if (const auto text = code.string()) return std::string(text->substr(0, 64));
    return {};
}

// Reads what follows the end mark, so that the connection can be used again.
awaitable<> drain(std::unique_ptr<http::answer> response) {
    response->give_up_at(steady_clock::now() + longest_epilogue);
    [[maybe_unused]] const auto ignored = co_await response->read_all(most_drained);
}

// Shared by the stream and its pending `next`, so that destroying the stream in the middle of one is safe.
struct reading {
    std::unique_ptr<http::answer> response;
    std::unique_ptr<providers::decoder> decoder;
    std::string provider;
    time_limits limits;
    moment first_by;
    airi::executor executor;
    error_code failed;

    moment content_by() const {
        const auto now = steady_clock::now();
        if (decoder->knows_end()) return now + std::min(limits.gap, longest_epilogue);
        return decoder->has_begun() ? now + limits.gap : first_by;
    }

    void close(error_code why) {
        if (!failed && decoder->skipped() > 0)
            log::warn("provider.chunks_skipped", {{"provider", provider}, {"count", decoder->skipped()}});
        if (!failed) failed = why;
        response.reset();
    }
};

// The reply is whole: the rest of the body is read in the background.
void end(reading& r) {
    if (r.response) boost::asio::co_spawn(r.executor, drain(std::move(r.response)), boost::asio::detached);
    r.close(errc::interrupted);
}

awaitable<result<piece>> next_piece(std::shared_ptr<reading> r) {
    auto content_by = r->content_by();
    for (;;) {
        if (auto found = r->decoder->take()) {
            if (found->ended) end(*r);
            co_return std::move(*found);
        }
        if (r->failed) co_return r->failed;
        r->response->give_up_at(content_by);
        const bool knew_end = r->decoder->knows_end();
        const auto bytes = co_await r->response->read();
        if (r->failed) co_return r->failed;
        error_code ec;
        if (!bytes)
            ec = meaning_of_transport(bytes.error(), r->decoder->has_begun());
        else
            ec = bytes->empty() ? r->decoder->body_ended() : r->decoder->push(*bytes);
        if (ec && r->decoder->knows_end())
            r->decoder->end_now();
        else if (ec)
            r->close(ec);
        if (r->decoder->take_progress() || r->decoder->knows_end() != knew_end) content_by = r->content_by();
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

// A 200 without a stream: an error object, or an HTML page of another server at this address.
bool carries_no_stream(const http::answer& response) {
    const auto type = response.header("content-type");
    return type.starts_with("application/json") || type.starts_with("text/html");
}

error_code refused(const chat_call& call, unsigned status, std::string_view body, const http::answer& response) {
    auto means = meaning_of_status(status, body);
    if (status == 200) {
        const auto parsed = json::document::parse(body);
        const bool has_error = parsed && parsed->root()["error"].exists();
        means = has_error ? meaning_of_error(parsed->root()["error"]) : errc::malformed;
    }
    const auto wait = pause_asked(response.header("retry-after-ms"), response.header("retry-after"), now());
    if (wait > milliseconds{0}) call.pause->set(wait);
    const error_code ec = means;
    log::warn("provider.refused", {{"provider", call.provider}, {"status", status}, {"reason", ec.message()},
                                      {"code", error_code_of(body)}, {"retry_after_ms", wait.count()}});
    return ec;
}

}  // namespace

milliseconds requested_pause::left() const {
    const auto left = std::chrono::ceil<milliseconds>(until_ - steady_clock::now());
    return std::max(left, milliseconds{0});
}

awaitable<result<std::unique_ptr<chat_stream>>> open_chat(http::client& client, executor executor, chat_call call) {
    const auto& limits = call.limits;
    const auto first_by = steady_clock::now() + limits.first_token;
    call.request.limits.connect = std::min(call.request.limits.connect, limits.first_token);
    call.request.limits.first_byte = limits.first_token;
    call.request.limits.gap = std::max(limits.first_token, limits.gap);
    call.request.limits.total = limits.total;
    auto sent = co_await client.send(std::move(call.request));
    if (!sent) {
        log::warn("provider.unreachable", {{"provider", call.provider}, {"reason", sent.error().message()}});
        if (sent.error() == http::errc::cut) co_return errc::unavailable;
        co_return meaning_of_transport(sent.error(), false);
    }
    auto response = std::move(*sent);
    if (response->status() != 200 || carries_no_stream(*response)) {
        const auto body = co_await response->read_all(most_error_body);
        co_return refused(call, response->status(), body ? *body : std::string(), *response);
    }
    auto r = std::make_shared<reading>(std::move(response), std::move(call.decoder), std::move(call.provider),
        call.limits, first_by, std::move(executor), error_code{});
    co_return std::make_unique<http_stream>(std::move(r));
}

awaitable<result<>> probe_address(http::client& client, http::request request, milliseconds limit) {
    request.method = "GET";
    request.limits = {.connect = limit, .first_byte = limit, .gap = limit, .total = limit};
    const auto sent = co_await client.send(std::move(request));
    if (!sent) co_return meaning_of_transport(sent.error(), false);
    if ((*sent)->status() == 200) co_return result<>{};
    co_return meaning_of_status((*sent)->status(), {});
}

}  // namespace airi::workers::providers
