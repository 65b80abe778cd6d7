#include "workers/chat/provider_call.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include "workers/providers/estimate.hpp"

namespace airi::workers::chat {
namespace {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;

// `end` outlives the coroutine: it has what came before a cancellation.
awaitable<> read_reply(providers::chat_provider& provider, providers::prompt prompt, providers::time_limits limits,
    std::shared_ptr<deltas> out, call_end& end) {
    const auto start = clock::now();
    const auto text_before = out->text().size();
    const auto cut_at = prompt.cut_at;
    auto stream = co_await provider.start(std::move(prompt), limits);
    if (!stream) {
        end.error = stream.error();
        co_return;
    }
    end.accepted = true;
    while (true) {
        auto piece = co_await (*stream)->next();
        if (!piece) {
            end.error = piece.error();
            co_return;
        }
        if (piece->tokens) {
            end.usage.counted = piece->tokens;
            end.usage.reported = std::move(piece->reported);
        }
        if (!piece->text.empty() || !piece->calls.empty()) {
            if (!end.first_token) end.first_token = std::chrono::floor<milliseconds>(clock::now() - start);
            out->push(*piece);
        }
        if (out->rejected()) {  // leaving ends the call
            end.finish = providers::finish::filtered;
            co_return;
        }
        const auto given = std::string_view(out->text()).substr(text_before);
        if (cut_at > 0 && !piece->ended && providers::estimate_tokens(given) > cut_at) {
            end.finish = providers::finish::length;
            co_return;
        }
        if (piece->ended) {
            end.finish = piece->ended;
            end.usage.whole = true;
            if (out->empty() && *piece->ended != providers::finish::filtered)
                end.error = make_error_code(providers::errc::interrupted);
            co_return;
        }
    }
}

}  // namespace

// The call is a child coroutine, so that live_generation::stop can cancel it while it waits.
awaitable<call_end> call_provider(std::shared_ptr<live_generation> live, providers::chat_provider& provider,
    providers::prompt prompt, providers::time_limits limits, std::shared_ptr<deltas> out) {
    const auto executor = co_await asio::this_coro::executor;
    call_end end;
    const auto [exception] =
        co_await asio::co_spawn(executor, read_reply(provider, std::move(prompt), limits, std::move(out), end),
            asio::bind_cancellation_slot(live->stop_signal.slot(), asio::as_tuple(asio::use_awaitable)));
    if (exception) end.error = make_error_code(providers::errc::interrupted);
    co_return end;
}

}  // namespace airi::workers::chat
