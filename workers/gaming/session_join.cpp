// The way of a session into its game: attempts, pauses, another server.
#include <boost/asio/as_tuple.hpp>

#include "platform/base/log.hpp"
#include "sql/statements.hpp"
#include "workers/gaming/session_run.hpp"

namespace airi::workers::gaming {
namespace {

namespace games = providers::games;
using clock = boost::asio::steady_timer::clock_type;

constexpr seconds minute{60};

}  // namespace

// Takes a place on a server that was not tried instead of this one. False: there is none.
awaitable<bool> session_run::move() {
    tried_.push_back(claim_.server);
    const auto row = co_await one_text(
        sql::bind("gaming.move", {{"id", id_}, {"epoch", epoch_}, {"tried", tried_}, {"games", ports_.games}}));
    const auto parsed = json::document::parse(row ? *row : std::string{});
    if (!parsed) {
        tried_.pop_back();
        co_return false;
    }
    const auto root = parsed->root();
    claim_.server = root["server_id"].string().value_or("");
    claim_.host = root["host"].string().value_or("");
    claim_.version = root["version"].string().value_or("");
    claim_.port = static_cast<int>(root["port"].integer().value_or(0));
    log::info("gaming.moved", {{"session_id", id_.text()}, {"server_id", claim_.server}});
    co_return true;
}

// Joins, again when that fails for a reason that may pass. False: not.
awaitable<bool> session_run::join() {
    if (clock::now() - joined_at_ > minute) joins_ = 0;
    for (; goes_on(); ++joins_) {
        if (joins_ >= ports_.times.rejoins) {
            end("error", "not_joined", "GAME_UNREACHABLE");
            co_return false;
        }
        if (joins_ > 0) {
            backoff_.expires_after(ports_.times.rejoin * (1 << (joins_ - 1)));
            co_await backoff_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
            if (!goes_on()) break;
        }
        connection_ = ports_.connect(claim_.game);
        told_owner_ = claim_.commander;
        const auto joined =
            co_await connection_->join({claim_.host, claim_.port, ports_.password(claim_.game), claim_.version},
                {claim_.companion, told_owner_, id_.text()}, [weak = weak_from_this()](games::game_event event) {
                    if (const auto self = weak.lock()) self->arrived(std::move(event));
                });
        if (!goes_on()) co_return false;
        if (joined) {
            in_game_ = true;
            joined_at_ = clock::now();
            tried_.clear();
            ++joins_;
            break;
        }
        const bool refused = joined.error() == games::errc::unsupported || joined.error() == games::errc::denied;
        log::warn("gaming.join_failed", {{"session_id", id_.text()}, {"error", joined.error().message()}});
        if (joined.error() == games::errc::unsupported || (joined.error() == games::errc::denied && joins_ > 2)) {
            end("error", "not_joined", "GAME_DENIED");
            co_return false;
        }
        if (!refused && joins_ + 1 >= ports_.times.patient && co_await move()) joins_ = -1;
    }
    while (goes_on()) {
        const auto row = co_await one_text(sql::bind("gaming.begin", {{"id", id_}, {"epoch", epoch_}}));
        if (row && row->empty()) leave_for(phase::lost);
        if (row && !row->empty()) {
            phase_ = phase::playing;
            co_await announce_text(*row);
            co_return true;
        }
        if (!row) co_await rest(ports_.times.look);
    }
    co_return false;
}

}  // namespace airi::workers::gaming
