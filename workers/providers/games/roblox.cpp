#include "workers/providers/games/roblox.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "platform/base/json.hpp"
#include "platform/base/number.hpp"
#include "platform/base/sleep.hpp"

namespace airi::workers::providers::games {
namespace {

using moment = std::chrono::steady_clock::time_point;
using std::chrono::steady_clock;

constexpr std::string_view topic = "airi";
constexpr std::size_t most_bytes = 1'024;
constexpr std::int64_t longest_pause = 3'600;
constexpr seconds time_to_join{10}, time_to_leave{3};
constexpr std::array<std::string_view, 6> verbs{"goto", "follow", "attack", "give", "say", "stop"};

command_result ended(outcome how, std::string error, std::string detail = "{}") {
    return {how, std::move(error), std::move(detail), 0};
}

// `failed`: the request never left; `unknown`: it may have arrived.
command_result not_answered(const error_code& ec) {
    if (ec == http::errc::bad_url || ec == http::errc::unreachable || ec == http::errc::tls_failed ||
        ec == http::errc::connect_timeout)
        return ended(outcome::failed, "UNREACHABLE");
    const bool late = ec == http::errc::first_byte_timeout || ec == http::errc::total_timeout;
    return ended(outcome::unknown, late ? "TIMED_OUT" : "LOST");
}

command_result answered(unsigned status) {
    if (status >= 200 && status < 300) return ended(outcome::done, {}, json::object().add("published", true).text());
    if (status == 401 || status == 403) return ended(outcome::failed, "DENIED");
    return ended(outcome::failed, status >= 500 ? "UNAVAILABLE" : "REJECTED");
}

error_code join_error(std::string_view error) {
    if (error == "DENIED" || error == "REJECTED") return errc::denied;
    return error == "RATE_LIMITED" ? errc::timed_out : errc::unreachable;
}

class roblox_connection final : public game_connection {
public:
    roblox_connection(const executor& on, http::client& http, std::string base_url)
        : stopping_(on, moment::max()), http_(http), base_url_(std::move(base_url)) {
        while (base_url_.ends_with('/')) base_url_.pop_back();
    }

    awaitable<result<>> join(server_address server, participant who, std::function<void(game_event)>) override {
        url_ = base_url_ + "/cloud/v2/universes/" + server.host + ":publishMessage";
        key_ = std::move(server.password);
        session_ = std::move(who.session);
        const auto arguments = json::object().add("companion", who.name).add("owner", who.owner).text();
        const auto told = co_await unless_stopped({"join", "join", arguments, {.time = time_to_join}});
        joined_ = told.outcome == outcome::done;
        if (!joined_) co_return join_error(told.error);
        co_return result<>();
    }

    awaitable<command_result> run(command what) override {
        if (!joined_) co_return ended(outcome::failed, "UNREACHABLE");
        if (std::ranges::find(verbs, what.verb) == verbs.end()) co_return ended(outcome::refused, "VERB_NOT_AVAILABLE");
        const auto parsed = json::document::parse(what.arguments);
        if (!parsed || parsed->root().type() != json::kind::object)
            co_return ended(outcome::refused, "INVALID_ARGUMENTS");
        co_return co_await unless_stopped(std::move(what));
    }

    awaitable<bool> set_owner(std::string name) override {
        const auto arguments = json::object().add("owner", name).text();
        const auto told = co_await unless_stopped({"owner", "owner", arguments, {.time = time_to_join}});
        co_return told.outcome == outcome::done;
    }

    void stop() override { stopping_.cancel(); }
    void abort() override { stop(); }

    awaitable<> leave() override {
        stop();
        if (std::exchange(joined_, false)) co_await unless_stopped({"leave", "leave", "{}", {.time = time_to_leave}});
    }

private:
    awaitable<command_result> unless_stopped(command what) {
        using namespace boost::asio::experimental::awaitable_operators;
        auto message = roblox::message_of(what, session_);
        if (message.empty()) co_return ended(outcome::refused, "TOO_LONG");
        auto first = co_await (publish(std::move(message), steady_clock::now() + what.limits.time) ||
                               stopping_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable)));
        if (first.index() == 1) co_return ended(outcome::stopped, "STOPPED");
        co_return std::get<0>(std::move(first));
    }

    awaitable<command_result> publish(std::string message, moment by) {
        const auto body = json::object().add("topic", topic).add("message", message).text();
        for (;;) {
            const auto left = std::chrono::ceil<milliseconds>(by - steady_clock::now());
            if (left <= milliseconds{0}) co_return ended(outcome::failed, "RATE_LIMITED");
            http::limits limits{.first_byte = left, .total = left, .body_bytes = 64 * 1024};
            limits.connect = std::min(limits.connect, left);
            const auto got = co_await http_.send(
                {"POST", url_, {{"x-api-key", key_.reveal()}, {"Content-Type", "application/json"}}, body, limits});
            if (!got) co_return not_answered(got.error());
            if ((*got)->status() != 429) co_return answered((*got)->status());
            const seconds pause{std::clamp<std::int64_t>(number_of((*got)->header("Retry-After")), 1, longest_pause)};
            if (steady_clock::now() + pause >= by) co_return ended(outcome::failed, "RATE_LIMITED");
            co_await sleep(pause);
        }
    }

    boost::asio::steady_timer stopping_;  ///< never expires: its waits end by stop()
    http::client& http_;
    std::string base_url_, url_, session_;
    secret key_;
    bool joined_ = false;
};

}  // namespace

namespace roblox {

std::string message_of(const command& what, std::string_view session) {
    const auto parsed = json::document::parse(what.arguments);
    if (!parsed || parsed->root().type() != json::kind::object) return {};
    auto out = json::object()
                   .add("session", session)
                   .add("id", what.id)
                   .add("verb", what.verb)
                   .add_raw("arguments", parsed->root().text())
                   .text();
    return out.size() <= most_bytes ? out : std::string{};
}

}  // namespace roblox

std::unique_ptr<game_connection> open_roblox(executor on, http::client& http, std::string base_url) {
    return std::make_unique<roblox_connection>(on, http, std::move(base_url));
}

}  // namespace airi::workers::providers::games
