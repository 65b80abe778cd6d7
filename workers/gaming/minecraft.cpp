#include "workers/gaming/minecraft.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <map>
#include <set>
#include <utility>

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/base/spawn.hpp"

namespace airi::workers::gaming {
namespace {

namespace asio = boost::asio;
namespace games = providers::games;

constexpr std::size_t most_line = 256 * 1024;
constexpr seconds join_limit{40}, leave_limit{3}, grace{5};

constexpr auto by_tuple = asio::as_tuple(asio::use_awaitable);

games::outcome outcome_of(std::string_view name) {
    if (name == "done") return games::outcome::done;
    if (name == "stopped") return games::outcome::stopped;
    return name == "refused" ? games::outcome::refused : games::outcome::failed;
}

games::errc error_of(std::string_view reason) {
    if (reason == "refused" || reason == "kicked") return games::errc::denied;
    if (reason == "unsupported") return games::errc::unsupported;
    return games::errc::unreachable;
}

// One bot. The loops that read and write hold it as long as they run.
class bot : public std::enable_shared_from_this<bot> {
public:
    explicit bot(const executor& executor) : input_(executor), output_(executor) {}
    ~bot() {
        kill();
        if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    }
    bot(const bot&) = delete;

    bool start(const std::string& script, const executor& executor);
    void send(std::string line);
    void kill() {
        if (pid_ > 0) ::kill(pid_, SIGKILL);
    }
    // Until the condition holds, the bot is gone or the time is over.
    template <class Condition>
    static awaitable<> wait(std::shared_ptr<bot> self, seconds limit, Condition condition) {
        asio::steady_timer timer(self->output_.get_executor(), limit);
        const auto end = timer.expiry();
        self->waiting_for_.insert(&timer);
        while (!self->gone && !condition() && asio::steady_timer::clock_type::now() < end) {
            timer.expires_at(end);
            co_await timer.async_wait(by_tuple);
        }
        self->waiting_for_.erase(&timer);
    }

    std::function<void(games::game_event)> sink;
    std::map<std::string, std::optional<games::command_result>> results;  // of the commands that wait
    bool joined = false, gone = false;
    std::string left;  // the reason

private:
    static awaitable<> read(std::shared_ptr<bot>);
    static awaitable<> write(std::shared_ptr<bot>);
    void take(std::string_view line);
    void changed() {
        for (auto* each : waiting_for_) each->cancel();
    }
    void end(std::string reason);

    asio::posix::stream_descriptor input_, output_;  // the bot's
    std::string waiting_;                            // to be written
    bool writing_ = false;
    std::set<asio::steady_timer*> waiting_for_;
    pid_t pid_ = -1;
};

// It gets nothing of our environment, and of our descriptors only the error log. Its program is node of our PATH.
bool bot::start(const std::string& script, const executor& executor) {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0) return false;
    if (::pipe2(out, O_CLOEXEC) != 0) {
        ::close(in[0]);
        ::close(in[1]);
        return false;
    }
    pid_ = spawn({.program = "node",
        .arguments = {"--max-old-space-size=192", script},
        .input = in[0],
        .output = out[1],
        .error_log = true});
    ::close(in[0]);
    ::close(out[1]);
    if (pid_ < 0) {
        ::close(in[1]);
        ::close(out[0]);
        return false;
    }
    input_.assign(in[1]);
    output_.assign(out[0]);
    asio::co_spawn(executor, read(shared_from_this()), asio::detached);
    return true;
}

void bot::send(std::string line) {
    if (gone || !input_.is_open()) return;
    waiting_ += line + "\n";
    if (std::exchange(writing_, true)) return;
    asio::co_spawn(input_.get_executor(), write(shared_from_this()), asio::detached);
}

awaitable<> bot::write(std::shared_ptr<bot> self) {
    while (!self->waiting_.empty() && self->input_.is_open()) {
        const auto lines = std::exchange(self->waiting_, {});
        const auto [failed, size] = co_await asio::async_write(self->input_, asio::buffer(lines), by_tuple);
        if (failed) break;
    }
    self->writing_ = false;
}

awaitable<> bot::read(std::shared_ptr<bot> self) {
    std::string buffer;
    for (;;) {
        const auto [failed, size] =
            co_await asio::async_read_until(self->output_, asio::dynamic_buffer(buffer, most_line), '\n', by_tuple);
        if (failed) break;
        self->take(std::string_view(buffer).substr(0, size));
        buffer.erase(0, size);
    }
    self->end("crashed");
}

void bot::end(std::string reason) {
    if (std::exchange(gone, true)) return;
    if (left.empty()) left = std::move(reason);
    input_.close();
    changed();
    if (joined && sink) sink({games::game_event::kind::left, {}, left, {}});
}

// The bot repeats a game server that nobody vouches for.
void bot::take(std::string_view line) {
    const auto parsed = json::document::parse(line);
    if (!parsed) return log::write_repeated(log::level::warn, "gaming.bot_malformed", "bot", {});
    const auto root = parsed->root();
    const auto text = [](json::value of, std::string_view name) { return std::string(of[name].string().value_or("")); };
    if (root["joined"].exists()) joined = true;
    if (const auto chat = root["chat"]; chat.exists() && sink)
        sink({games::game_event::kind::chat, text(chat, "player"), text(chat, "text"), {}});
    if (const auto state = root["state"]; state.exists() && sink)
        sink({games::game_event::kind::state, {}, {}, state.text()});
    if (const auto gone_by = root["left"]; gone_by.exists()) left = text(gone_by, "reason");
    if (const auto done = root["result"]; done.exists())
        if (const auto found = results.find(text(done, "id")); found != results.end()) {
            const auto detail = done["detail"];
            found->second = games::command_result{outcome_of(text(done, "outcome")), text(done, "error"),
                detail.exists() ? detail.text() : std::string{},
                static_cast<int>(done["blocks"].integer().value_or(0))};
        }
    changed();
}

class minecraft final : public games::game_connection {
public:
    minecraft(std::string script, executor executor) : script_(std::move(script)), executor_(std::move(executor)) {
        // A bot that ends before it has read everything must not end this process.
        std::signal(SIGPIPE, SIG_IGN);
    }
    ~minecraft() override { drop(); }

    awaitable<result<>> join(
        games::server_address server, games::participant who, std::function<void(games::game_event)> sink) override {
        drop();
        bot_ = std::make_shared<bot>(executor_);
        bot_->sink = std::move(sink);
        const auto one = bot_;
        if (!one->start(script_, executor_)) co_return games::errc::unsupported;
        json::object order;
        order.add("host", server.host).add("port", server.port).add("username", who.name);
        if (!server.version.empty()) order.add("version", server.version);
        if (!who.owner.empty()) order.add("owner", who.owner);
        one->send(json::object().add_raw("join", order.text()).text());
        co_await bot::wait(one, join_limit, [&] { return one->joined; });
        if (one->joined && !one->gone) co_return result<>{};
        co_return one->gone ? error_of(one->left) : games::errc::timed_out;
    }

    awaitable<games::command_result> run(games::command command) override {
        const auto one = bot_;
        if (!one || one->gone) co_return games::command_result{games::outcome::failed, "NOT_IN_GAME", {}, 0};
        json::object limits;
        limits.add("seconds", command.limits.time.count())
            .add("distance", command.limits.distance)
            .add("blocks", command.limits.blocks);
        json::object order;
        order.add("id", command.id)
            .add("verb", command.verb)
            .add_raw("arguments", command.arguments)
            .add_raw("limits", limits.text());
        one->results[command.id];
        one->send(json::object().add_raw("command", order.text()).text());
        const auto answered = [&] { return one->results[command.id].has_value(); };
        co_await bot::wait(one, command.limits.time + grace, answered);
        const auto got = one->results[command.id];
        one->results.erase(command.id);
        co_return got.value_or(games::command_result{games::outcome::unknown, "NO_ANSWER", {}, 0});
    }

    awaitable<bool> set_owner(std::string name) override {
        std::optional<std::string> owner;
        if (!name.empty()) owner = std::move(name);
        if (bot_) bot_->send(json::object().add_raw("owner", json::object().add("name", owner).text()).text());
        co_return true;
    }

    void stop() override {
        if (bot_) bot_->send(R"({"stop":{}})");
    }

    void abort() override {
        if (bot_) bot_->kill();
    }

    awaitable<> leave() override {
        const auto one = std::exchange(bot_, nullptr);
        if (!one || one->gone) co_return;
        one->sink = nullptr;
        one->send(R"({"leave":{}})");
        co_await bot::wait(one, leave_limit, [] { return false; });
        one->kill();
    }

private:
    void drop() {
        if (!bot_) return;
        bot_->sink = nullptr;
        bot_->kill();
        bot_ = nullptr;
    }

    std::string script_;
    executor executor_;
    std::shared_ptr<bot> bot_;
};

}  // namespace

std::unique_ptr<games::game_connection> open_minecraft(std::string bot, executor executor) {
    return std::make_unique<minecraft>(std::move(bot), std::move(executor));
}

}  // namespace airi::workers::gaming
