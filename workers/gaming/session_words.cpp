// A session's handling of players' words: the decision, its record and its effects.
#include <fmt/format.h>

#include "events/codec.hpp"
#include "events/outbox.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"
#include "workers/gaming/player_words.hpp"
#include "workers/gaming/session_record.hpp"
#include "workers/gaming/session_run.hpp"

namespace airi::workers::gaming {
namespace {

constexpr int most_attempts = 5;  // while others change the code or the players

}  // namespace

// The words of players who may not command are in no record: they are kept for a week, and no longer. `number`: of the
// record of these words; 0: none yet.
awaitable<result<std::string>> session_run::store_heard(
    const player_said& said, about_words decided, std::int64_t& number) {
    const bool recorded = said.may_command || decided == about_words::granted || number > 0;
    auto event = of_record(decided == about_words::granted ? "player" : "words");
    if (recorded && number == 0) number = ++number_;
    event.number = number;
    co_return co_await one_text(sql::bind("gaming.hear",
        {{"id", id_}, {"epoch", epoch_}, {"player", said.player}, {"text", said.text}, {"decision", name_of(decided)},
            {"code", said.code}, {"may_command", said.may_command}, {"number", event.number},
            {"record", recorded && key_ ? seal_record(event, words_record{said}.text(), *key_) : std::string{}}}));
}

awaitable<> session_run::hear() {
    const auto event = std::move(heard_.front());
    heard_.pop_front();
    player_said said{event.player, event.text, code_, commanders_.contains(event.player),
        ports_.terms.check(event.text).blocks(), now()};
    std::int64_t number = 0;
    // The code changes, and players may lose the right, without this process.
    for (int attempts = 0; attempts < most_attempts && goes_on(); ++attempts) {
        auto budget = budget_;
        const auto decided = decide(said, budget);
        const auto row = co_await store_heard(said, decided, number);
        const auto parsed = json::document::parse(row ? *row : std::string{});
        if (!parsed) co_return;
        const auto root = parsed->root();
        if (root["is"].string() != "stale") {
            budget_ = budget;
            co_return co_await follow(said, decided, root);
        }
        said.code = code_ = root["code"].string().value_or("");
        said.may_command = root["may_command"].boolean().value_or(false);
        if (said.may_command)
            commanders_.insert(said.player);
        else
            commanders_.erase(said.player);
    }
}

awaitable<> session_run::follow(const player_said& said, about_words decided, json::value stored) {
    if (decided == about_words::granted) {
        code_ = stored["code"].string().value_or("");
        commanders_.insert(said.player);
        if (claim_.commander.empty()) claim_.commander = said.player;
        co_await announce(stored["session"]);
        co_await say_text(fmt::format("I listen to you now, {}.", said.player));
    } else if (decided == about_words::command) {
        co_await ask(fmt::format("{} says in the game: {}", said.player, said.text));
    }
}

awaitable<> session_run::load_key() {
    const auto rows = co_await postgres::run_one(ports_.database, std::nullopt,
        sql::bind("user_keys.get", {{"users", std::vector<std::string>{claim_.user.text()}}}));
    if (!rows || rows->empty()) co_return;
    auto key = ports_.master.unwrap(rows->text(0, 1), claim_.user);
    if (key)
        key_.emplace(std::move(*key));
    else
        log::error("gaming.key_not_opened", {{"session_id", id_.text()}, {"error", key.error().message()}});
}

// The words become a message like any other: screened, counted, answered by a model that may call the game's verbs.
awaitable<> session_run::ask(std::string text) {
    if (!key_) co_await load_key();
    if (!key_) co_return;
    const auto message = sealed_message(claim_.user, claim_.conversation, text, *key_);
    const auto taken = co_await one_text(
        sql::bind("gaming.ask", {{"user", claim_.user}, {"message", message.message},
                                    {"event", event_id::of(message.generation.value, "requested")},
                                    {"key", message.conversation.text()}, {"value", events::encode(message)}}));
    if (taken && *taken == "f") co_await say_text("Today's messages are used up.");
    if (taken && *taken == "t") co_await ports_.frames.announce({std::string(events::outbox_channel), {}});
}

}  // namespace airi::workers::gaming
