#include "workers/gaming/session_run.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "events/frames/codec.hpp"
#include "events/frames/frame.hpp"
#include "events/frames/gaming.hpp"
#include "platform/base/log.hpp"
#include "platform/base/sleep.hpp"
#include "sql/statements.hpp"
#include "workers/gaming/session_record.hpp"
#include "workers/gaming/verbs.hpp"

namespace airi::workers::gaming {
namespace {

namespace games = providers::games;
using clock = boost::asio::steady_timer::clock_type;

constexpr std::size_t most_heard = 50, most_said = 512, most_detail = 4'000, most_seen = 16'384;
constexpr std::size_t most_remembered = 32;  // commands
constexpr std::string_view outcomes[] = {"done", "failed", "stopped", "refused", "unknown"};

// Postgres stores no NUL in JSON.
bool storable(std::string_view text) { return text.find("\\u0000") == text.npos; }

std::string result_json(const games::command_result& result) {
    json::object out;
    out.add("outcome", outcomes[static_cast<std::size_t>(result.outcome)]).add("blocks", result.blocks);
    if (!result.error.empty()) out.add("error", result.error);
    const bool shown = !result.detail.empty() && result.detail.size() <= most_detail && storable(result.detail);
    if (shown && json::document::parse(result.detail)) out.add_raw("detail", result.detail);
    return out.text();
}

// The first column of the first row; empty: NULL or no row.
result<std::string> first_text(const result<postgres::rows>& rows) {
    if (!rows) return rows.error();
    return rows->empty() || rows->is_null(0, 0) ? std::string{} : std::string(rows->text(0, 0));
}

}  // namespace

session_run::session_run(gaming_session_id id, const ports& ports, airi::executor executor)
    : id_(id), ports_(ports), executor_(executor), alarm_(executor), heart_(executor), backoff_(executor) {}

void session_run::wake() {
    woken_ = true;
    alarm_.cancel();
}

// A command that has begun needs no look when its announcement comes late, or again.
void session_run::commanded(std::string_view id) {
    if (!id.empty() && std::ranges::find(started_, id) != started_.end()) return;
    waiting_ = true;
    wake();
}

void session_run::drain() {
    if (goes_on()) leave_for(phase::draining);
    heart_.cancel();
}

void session_run::end(std::string_view status, std::string_view reason, std::string_view error) {
    if (!goes_on()) return;
    status_ = status;
    reason_ = reason;
    error_ = error;
    leave_for(phase::over);
}

// A command that runs in the game ends now, a join too.
void session_run::leave_for(phase next) {
    if (connection_) in_game_ ? connection_->stop() : connection_->abort();
    phase_ = next;
    backoff_.cancel();
    wake();
}

awaitable<> session_run::rest(milliseconds time) {
    if (std::exchange(woken_, false)) co_return;
    alarm_.expires_after(time);
    const auto [error] = co_await alarm_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (!error) waiting_ = true;
    woken_ = false;
}

awaitable<result<std::string>> session_run::one_text(postgres::bound statement) {
    const auto rows = co_await postgres::run_one(ports_.database, std::nullopt, std::move(statement));
    co_return first_text(rows);
}

// In one transaction with the statements of other sessions.
awaitable<result<std::string>> session_run::grouped_text(postgres::bound statement) {
    const auto rows = co_await postgres::run_grouped(ports_.database, id_.text(), std::move(statement));
    co_return first_text(rows);
}

awaitable<> session_run::announce(json::value session) {
    const auto change = events::frames::gaming_status_changed::of(session);
    if (!change) co_return;
    const auto channel = events::channel_of(change->user);
    auto frame = events::encode_frame(*change);
    co_await ports_.frames.invalidate(change->user);
    co_await ports_.frames.announce({channel, std::move(frame)});
}

awaitable<> session_run::announce_text(std::string session) {
    if (const auto parsed = json::document::parse(session)) co_await announce(parsed->root());
}

awaitable<> session_run::run() {
    const auto self = shared_from_this();
    if (!co_await take()) co_return;
    ++running_;
    boost::asio::co_spawn(executor_, keep_lease(self), boost::asio::detached);
    if (co_await join()) co_await play();
    co_await finish();
    heart_.cancel();
    while (running_ > 0) co_await rest(milliseconds{20});
}

awaitable<bool> session_run::take() {
    const auto asked = clock::now();
    const auto row = co_await one_text(sql::bind(
        "gaming.claim", {{"id", id_}, {"owner", ports_.owner}, {"lease", sql::interval_text(ports_.times.lease)},
                            {"patience", sql::interval_text(ports_.times.patience)}, {"games", ports_.games}}));
    if (!row) co_return false;
    const auto parsed = json::document::parse(*row);
    if (!parsed) co_return false;
    const auto root = parsed->root();
    const auto text = [&](std::string_view name) { return std::string(root[name].string().value_or("")); };
    claim_.is = text("is");
    if (const auto ended = root["session"]; ended.exists()) co_await announce(ended);
    if (claim_.is != "claimed") co_return false;
    const auto user = user_id::parse(text("user_id"));
    const auto conversation = conversation_id::parse(text("conversation_id"));
    if (!user || !conversation) co_return false;
    claim_.user = *user;
    claim_.conversation = *conversation;
    claim_.server = text("server_id");
    claim_.game = text("game");
    claim_.host = text("host");
    claim_.version = text("version");
    claim_.companion = text("companion_name");
    claim_.port = static_cast<int>(root["port"].integer().value_or(0));
    code_ = text("access_code");
    know_players(root["players"]);
    epoch_ = root["epoch"].integer().value_or(0);
    blocks_ = static_cast<int>(root["blocks"].integer().value_or(0));
    valid_until_ = asked + ports_.times.lease;
    co_await load_key();
    log::info("gaming.claimed", {{"session_id", id_.text()}, {"game", claim_.game}, {"epoch", epoch_}});
    co_return true;
}

// `names`: the players who may command, the first granted first.
void session_run::know_players(json::value names) {
    commanders_.clear();
    claim_.commander.clear();
    names.each([&](json::value name) {
        const auto player = std::string(name.string().value_or(""));
        if (claim_.commander.empty()) claim_.commander = player;
        commanders_.insert(player);
    });
    if (in_game_ && told_owner_ != claim_.commander) wake();
}

// Extends the lease until the session is over here, and learns of its end.
awaitable<> session_run::keep_lease(std::shared_ptr<session_run>) {
    auto pause = ports_.times.heartbeat();
    while (goes_on()) {
        heart_.expires_after(pause);
        co_await heart_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        if (!goes_on()) break;
        const auto asked = clock::now();
        std::optional<std::string> seen;
        if (!snapshot_.empty()) seen = std::exchange(snapshot_, {});
        const auto row = co_await one_text(sql::bind("gaming.heartbeat",
            {{"id", id_}, {"epoch", epoch_}, {"lease", sql::interval_text(ports_.times.lease)}, {"snapshot", seen}}));
        if (!row) {
            // Without Postgres nobody knows whether another worker has the session once the lease is over.
            if (clock::now() > valid_until_) leave_for(phase::lost);
            // Postgres may have refused what the companion sees; it is told again.
            continue;
        }
        valid_until_ = asked + ports_.times.lease;
        const auto parsed = json::document::parse(*row);
        if (!parsed) continue;
        const auto root = parsed->root();
        const auto is = root["is"].string().value_or("");
        if (is == "ok") know_players(root["players"]);
        if (is == "lost" && goes_on()) leave_for(phase::lost);
        if (is == "over") end("completed", root["reason"].string().value_or(""));
        const auto left = milliseconds{root["left_ms"].integer().value_or(ports_.times.heartbeat().count())};
        pause = std::clamp(left, milliseconds{10}, ports_.times.heartbeat());
    }
    --running_;
    wake();
}

awaitable<> session_run::play() {
    while (goes_on()) {
        if (!in_game_) {
            log::warn("gaming.left", {{"session_id", id_.text()}, {"reason", left_}});
            // Nothing of the connection is in use when the next one replaces it, but the lease's coroutine.
            while (running_ > 1) co_await rest(milliseconds{20});
            if (!co_await join()) co_return;
        }
        co_await work_once();
        co_await rest(ports_.times.look);
    }
}

awaitable<> session_run::work_once() {
    while (goes_on() && !heard_.empty()) co_await hear();
    if (goes_on() && in_game_ && told_owner_ != claim_.commander) {
        auto owner = claim_.commander;
        if (co_await connection_->set_owner(owner)) told_owner_ = std::move(owner);
    }
    // Behind a command that runs, what is said and a stop pass.
    if (goes_on() && in_game_ && std::exchange(waiting_, false)) co_await start_command(busy_);
}

awaitable<> session_run::start_command(bool beside) {
    const auto row =
        co_await grouped_text(sql::bind("gaming.next_command", {{"id", id_}, {"epoch", epoch_}, {"urgent", beside}}));
    if (!row || row->empty() || !goes_on()) co_return;
    if (const auto parsed = json::document::parse(*row)) begin(parsed->root(), beside);
}

void session_run::begin(json::value command, bool beside) {
    const auto text = [](json::value of, std::string_view name) { return std::string(of[name].string().value_or("")); };
    ordered_command asked{text(command, "id"), text(command, "origin"), text(command, "verb"),
        command["arguments"].text(), text(command["call"], "name"), text(command["call"], "arguments")};
    started_.push_back(asked.id);
    if (started_.size() > most_remembered) started_.pop_front();
    if (asked.verb == "stop") connection_->stop();
    if (!beside) busy_ = true;
    ++running_;
    boost::asio::co_spawn(executor_, execute(shared_from_this(), std::move(asked), beside), boost::asio::detached);
    if (command["more"].boolean().value_or(true)) waiting_ = woken_ = true;
}

awaitable<> session_run::execute(std::shared_ptr<session_run>, ordered_command asked, bool beside) {
    games::command_result result;
    const bool blocked = ports_.terms.check(text_said(asked.verb, asked.arguments)).blocks();
    auto decided = decide(asked_command{claim_.game, asked.verb, asked.arguments, blocked, blocks_});
    if (!decided.error.empty()) {
        result.outcome = games::outcome::refused;
        result.error = decided.error;
        if (!decided.mistake.empty()) result.detail = json::object().add("mistake", decided.mistake).text();
    } else if (asked.verb == "say") {
        result = co_await say(decided.lines);
    } else {
        result = co_await connection_->run({asked.id, asked.verb, asked.arguments, {.blocks = decided.blocks}});
        blocks_ += result.blocks;
    }
    command_record record{std::move(asked.origin), std::move(asked.verb), std::move(asked.arguments),
        std::move(asked.tool), std::move(asked.tool_arguments), blocked, std::move(decided), result_json(result)};
    auto event = of_record("command");
    event.number = ++number_;
    bool goes_next = false;
    // An outage of Postgres is waited for, as long as the lease may be ours.
    while (goes_on()) {
        const auto* next = !in_game_ ? "none" : beside ? "urgent" : "any";
        const auto row = co_await grouped_text(sql::bind("gaming.command_end",
            {{"id", asked.id}, {"epoch", epoch_}, {"result", record.result}, {"number", event.number},
                {"record", key_ ? seal_record(event, record.text(), *key_) : std::string{}}, {"next", next}}));
        const auto parsed = json::document::parse(row ? *row : std::string{});
        if (parsed) {
            const auto root = parsed->root();
            if (root["more"].boolean().value_or(true)) waiting_ = true;
            goes_next = goes_on() && root["next"].type() == json::kind::object;
            if (goes_next) begin(root["next"], beside);
            break;
        }
        if (!row && failure_of(row.error()) != failure::outage)
            record.result =
                json::object().add("outcome", "unknown").add("error", "BAD_RESULT").add("blocks", result.blocks).text();
        co_await sleep(ports_.times.look);
    }
    if (!beside && !goes_next) busy_ = false;
    --running_;
    wake();
}

// A record of this session and lease, but for its number.
events::gaming_changed session_run::of_record(std::string_view kind) const {
    events::gaming_changed out;
    out.session = id_;
    out.kind = kind;
    out.game = claim_.game;
    out.epoch = epoch_;
    return out;
}

awaitable<> session_run::say_text(std::string_view text) { co_await say(spoken_lines(text)); }

// One text after the other. The outcome is that of the first line which was not said.
awaitable<games::command_result> session_run::say(std::vector<std::string> lines) {
    while (speaking_ && goes_on()) co_await sleep(milliseconds{20});
    speaking_ = true;
    games::command_result out;
    out.outcome = games::outcome::done;
    for (auto& line : lines) {
        if (!in_game_ || !goes_on()) {
            out.outcome = games::outcome::stopped;
            break;
        }
        out = co_await connection_->run(
            {uuid::v7().text(), "say", json::object().add("text", line).text(), {.time = seconds{10}}});
        if (out.outcome != games::outcome::done) break;
    }
    speaking_ = false;
    co_return out;
}

void session_run::arrived(games::game_event event) {
    switch (event.is) {
        case games::game_event::kind::state:
            if (storable(event.detail) && event.detail.size() <= most_seen) snapshot_ = std::move(event.detail);
            return;
        case games::game_event::kind::chat:
            if (heard_.size() < most_heard && event.text.size() <= most_said && event.player != claim_.companion)
                heard_.push_back(std::move(event));
            break;
        case games::game_event::kind::left:
            in_game_ = false;
            left_ = std::move(event.text);
            break;
    }
    wake();
}

awaitable<> session_run::finish() {
    in_game_ = false;
    if (connection_) co_await connection_->leave();
    if (phase_ == phase::draining)
        co_await postgres::run_one(
            ports_.database, std::nullopt, sql::bind("gaming.release", {{"id", id_}, {"epoch", epoch_}}));
    while (phase_ == phase::over) {
        const auto row = co_await one_text(
            sql::bind("gaming.end", {{"id", id_}, {"epoch", epoch_}, {"status", status_}, {"reason", reason_},
                                        {"error", error_.empty() ? std::optional<std::string>{} : error_}}));
        if (row && !row->empty()) co_await announce_text(*row);
        if (row || failure_of(row.error()) != failure::outage) break;
        co_await sleep(ports_.times.look);
    }
    log::info("gaming.ended", {{"session_id", id_.text()}, {"status", status_}, {"reason", reason_}});
}

}  // namespace airi::workers::gaming
