// One session of a game while this process holds its lease: the companion joins, hears, acts and leaves.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "events/gaming.hpp"
#include "platform/base/json.hpp"
#include "platform/crypto/seal.hpp"
#include "platform/postgres/postgres.hpp"
#include "platform/safety/blocked_terms.hpp"
#include "workers/gaming/decisions.hpp"
#include "workers/providers/games/game.hpp"
#include "workers/runtime/frame_channel.hpp"

namespace airi::workers::gaming {

struct session_times {
    seconds lease{10};
    milliseconds look{1'000};  ///< for commands whose wake-up was lost
    seconds patience{60};      ///< the longest wait of a session for a server
    milliseconds rejoin{500};  ///< doubles with each attempt
    int rejoins = 7;           ///< attempts in a row, until a companion has stayed for a minute
    int patient = 3;           ///< those before another server is looked for

    /// The first pause before another attempt is a twentieth of the lease.
    static session_times with(seconds lease) { return {.lease = lease, .rejoin = milliseconds(lease) / 20}; }
    milliseconds heartbeat() const { return milliseconds(lease) / 5; }
};

struct ports {
    postgres::database& database;
    frame_channel& frames;
    safety::term_screen& terms;
    const seal::master& master;
    std::string owner;
    /// A connection to that game; null: this process has none.
    std::function<std::unique_ptr<providers::games::game_connection>(std::string_view game)> connect;
    std::vector<std::string> games;  ///< those that connect() knows
    /// That of the servers of a game; empty: they have none.
    std::function<secret(std::string_view game)> password;
    session_times times;
};

class session_run : public std::enable_shared_from_this<session_run> {
public:
    /// `ports` must outlive the object.
    session_run(gaming_session_id, const ports&, airi::executor);

    /// Ends with the session, when the lease is lost, after drain(), or at once when the session cannot be claimed.
    awaitable<> run();
    /// There may be commands; `id`, when it is known, of the one that was asked for.
    void commanded(std::string_view id);
    /// The end may have been asked for.
    void look() { heart_.cancel(); }
    /// Leaves the game and gives the lease back.
    void drain();

private:
    using connection = providers::games::game_connection;
    struct claim {
        std::string is, server, game, host, version, companion;
        user_id user;
        conversation_id conversation;
        std::string commander;  // the first player who may command: the companion's owner in the game
        int port = 0;
    };
    struct ordered_command {
        std::string id, origin, verb, arguments;
        std::string tool, tool_arguments;  // the model's call behind a companion's command
    };
    enum class phase { joining, playing, over, lost, draining };

    bool goes_on() const { return phase_ == phase::joining || phase_ == phase::playing; }
    awaitable<bool> take();
    // Both keep the object until they end, and are counted by running_.
    awaitable<> keep_lease(std::shared_ptr<session_run>);
    awaitable<> execute(std::shared_ptr<session_run>, ordered_command, bool beside);
    awaitable<bool> join();
    awaitable<bool> move();
    awaitable<> play();
    awaitable<> work_once();
    awaitable<> start_command(bool beside);
    void begin(json::value command, bool beside);
    awaitable<providers::games::command_result> say(std::vector<std::string> lines);
    awaitable<> say_text(std::string_view text);
    awaitable<> hear();
    awaitable<result<std::string>> store_heard(const player_said&, about_words, std::int64_t& number);
    awaitable<> follow(const player_said&, about_words, json::value stored);
    awaitable<> ask(std::string text);
    awaitable<> load_key();
    void know_players(json::value names);
    events::gaming_changed of_record(std::string_view kind) const;
    awaitable<> finish();
    void wake();
    void arrived(providers::games::game_event);
    void leave_for(phase);
    void end(std::string_view status, std::string_view reason, std::string_view error = {});
    awaitable<result<std::string>> one_text(postgres::bound);
    awaitable<result<std::string>> grouped_text(postgres::bound);
    awaitable<> announce(json::value session);
    awaitable<> announce_text(std::string session);
    awaitable<> rest(milliseconds);

    gaming_session_id id_;
    const ports& ports_;
    airi::executor executor_;
    boost::asio::steady_timer alarm_, heart_, backoff_;
    boost::asio::steady_timer::time_point valid_until_, joined_at_;
    std::vector<std::string> tried_;  // the servers that could not be joined
    int joins_ = 0, blocks_ = 0;      // attempts in a row; blocks broken and placed in the session
    bool speaking_ = false;
    std::unique_ptr<connection> connection_;
    claim claim_;
    std::int64_t epoch_ = 0;
    phase phase_ = phase::joining;
    std::string status_, reason_, error_;  // of the end
    std::string snapshot_;                 // not stored yet
    std::deque<providers::games::game_event> heard_;
    std::deque<std::string> started_;  // the last commands
    bool in_game_ = false, busy_ = false, woken_ = false;
    bool waiting_ = true;               // commands may wait
    std::string code_;                  // the access code, as far as it is known here
    std::set<std::string> commanders_;  // the players who may command, likewise
    words_budget budget_;
    std::optional<seal::key> key_;  // the user's; none: records have no inputs
    std::int64_t number_ = 0;       // of the last record of this epoch
    std::string told_owner_;        // the owner that the game was told
    std::string left_;              // why the companion is out of the game
    int running_ = 0;               // coroutines of this object beside run()
};

}  // namespace airi::workers::gaming
