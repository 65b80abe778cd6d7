// A language model that streams scripted pieces and counts its open streams.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <string>
#include <vector>

#include "tests/support/cpp/lever.hpp"
#include "workers/providers/provider.hpp"

namespace airi::test {

namespace models = workers::providers;

/// One call: rejected at the start, or pieces followed by an end, an error, or silence until it is cancelled.
struct scripted_call {
    error_code refused = {};
    std::vector<std::string> pieces = {};
    std::optional<models::token_count> tokens = {};  ///< sent with the last piece
    std::optional<models::finish> ended = models::finish::stop;
    error_code broken = {};                                         ///< instead of an end
    bool silent = false;                                            ///< after the pieces
    std::vector<std::vector<models::tool_call_piece>> called = {};  ///< with the piece of the same place
};

inline scripted_call says(std::vector<std::string> pieces) {
    return {.pieces = std::move(pieces), .tokens = models::token_count{10, 5}};
}
inline scripted_call refuses(models::errc why) { return {.refused = make_error_code(why)}; }
inline scripted_call breaks_after(std::vector<std::string> pieces) {
    return {.pieces = std::move(pieces), .ended = std::nullopt, .broken = make_error_code(models::errc::interrupted)};
}
inline scripted_call hangs_after(std::vector<std::string> pieces) {
    return {.pieces = std::move(pieces), .ended = std::nullopt, .silent = true};
}

class fake_provider : public models::chat_provider {
public:
    explicit fake_provider(std::string name) : name_(std::move(name)) {}

    lever pace;                       ///< passed before each piece; only holding it has an effect
    std::deque<scripted_call> calls;  ///< taken from the front; when empty, the provider is unavailable
    std::vector<models::prompt> asked;
    int open_streams = 0;
    int probes = 0;
    error_code probe_error = {};
    std::string lacking;  ///< a parameter

    std::string_view lacks(const models::prompt& what) const override {
        const std::array<std::string_view, 1> names{lacking};
        return models::first_given(what, names);
    }

    std::string_view name() const override { return name_; }
    awaitable<result<std::unique_ptr<models::chat_stream>>> start(models::prompt what, models::time_limits) override {
        asked.push_back(std::move(what));
        if (calls.empty()) co_return make_error_code(models::errc::unavailable);
        auto next = std::move(calls.front());
        calls.pop_front();
        if (next.refused) co_return next.refused;
        co_return std::make_unique<stream>(*this, std::move(next));
    }

    awaitable<result<>> probe(milliseconds) override {
        ++probes;
        if (probe_error) co_return probe_error;
        co_return result<>{};
    }

private:
    struct stream : models::chat_stream {
        stream(fake_provider& owner, scripted_call call) : provider(owner), script(std::move(call)) {
            ++provider.open_streams;
        }
        ~stream() override { --provider.open_streams; }

        awaitable<result<models::piece>> next() override {
            co_await provider.pace.pass();
            // One turn of the loop, as on a network.
            boost::asio::steady_timer turn(co_await boost::asio::this_coro::executor, milliseconds{1});
            co_await turn.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
            models::piece out;
            if (position < script.pieces.size()) {
                if (position < script.called.size()) out.calls = script.called[position];
                out.text = script.pieces[position++];
                if (position < script.pieces.size() || script.broken || script.silent) co_return out;
            } else if (script.broken) {
                co_return script.broken;
            } else if (script.silent) {
                turn.expires_at(boost::asio::steady_timer::time_point::max());
                co_await turn.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
                co_return make_error_code(models::errc::interrupted);
            }
            out.tokens = script.tokens;
            out.ended = script.ended;
            co_return out;
        }

        fake_provider& provider;
        scripted_call script;
        std::size_t position = 0;
    };

    std::string name_;
};

}  // namespace airi::test
