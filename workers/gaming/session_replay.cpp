#include "workers/gaming/session_replay.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "platform/base/json.hpp"
#include "workers/gaming/session_record.hpp"
#include "workers/providers/games/tool_intent.hpp"

namespace airi::workers::gaming {
namespace {

namespace games = providers::games;

std::string name_of(const about_command& decided) {
    if (!decided.error.empty()) return fmt::format("refuses ({})", decided.error);
    if (!decided.lines.empty())
        return decided.lines.size() == 1 ? "says a line" : fmt::format("says {} lines", decided.lines.size());
    return decided.blocks > 0 ? fmt::format("acts, {} blocks at most", decided.blocks) : "acts";
}

// Postgres stores JSON with its members in another order and numbers in another spelling.
bool same_value(json::value one, json::value other) {
    if (!one.exists() || !other.exists()) return false;
    const auto type = one.type();
    if (type == json::kind::integer || type == json::kind::number) return one.number() == other.number();
    if (type != other.type() || one.size() != other.size()) return false;
    if (type == json::kind::string) return one.string() == other.string();
    bool same = true;
    if (type == json::kind::object)
        one.members([&](std::string_view name, json::value each) { same = same && same_value(each, other[name]); });
    if (type == json::kind::array || type == json::kind::boolean) same = one.text() == other.text();
    return same;
}

bool same_json(std::string_view one, std::string_view other) {
    const auto first = json::document::parse(one), second = json::document::parse(other);
    return first && second && same_value(first->root(), second->root());
}

class replay {
public:
    explicit replay(const seal::key& key) : key_(key) {}

    void add(const events::gaming_changed& event) {
        const auto expected = event.epoch == epoch_ ? number_ + 1 : std::int64_t{1};
        if (event.epoch != epoch_) budget_ = {};
        if (event.number != expected) differs(fmt::format("record {}.{} is missing", event.epoch, expected));
        epoch_ = event.epoch;
        number_ = event.number;
        if (event.record.empty()) {
            ++out_.without_inputs;
            return;
        }
        decision_again made{event.epoch, event.number, event.kind, event.outcome, "", ""};
        const auto opened = seal::open(key_, event.record, event.place());
        if (!opened)
            made.difference = "its inputs do not open";
        else if (event.kind == "command")
            decide_command(event, *opened, made);
        else
            decide_words(event, *opened, made);
        if (!made.difference.empty())
            differs(fmt::format("record {}.{} ({}): {}", made.epoch, made.number, made.what, made.difference));
        out_.decisions.push_back(std::move(made));
    }

    session_again end() { return std::move(out_); }

    void differs(std::string what) {
        if (out_.difference.empty()) out_.difference = std::move(what);
    }

private:
    void decide_words(const events::gaming_changed& event, std::string_view text, decision_again& made) {
        const auto read = words_record::read(text);
        if (!read) {
            made.difference = "its inputs cannot be read";
            return;
        }
        made.now = name_of(decide(read->said, budget_));
        if (made.now != event.outcome)
            made.difference = fmt::format("{} was recorded, {} is decided now", event.outcome, made.now);
    }

    void decide_command(const events::gaming_changed& event, std::string_view text, decision_again& made) {
        const auto read = command_record::read(text);
        const auto result = json::document::parse(read ? read->result : std::string{});
        if (!read || !result) {
            made.difference = "its inputs cannot be read";
            return;
        }
        made.what = fmt::format("{} {}", read->origin, read->verb);
        asked_command asked{event.game, read->verb, read->arguments, read->blocked, blocks_};
        if (!read->tool.empty()) {
            auto intent = games::intent_of(read->tool, read->tool_arguments);
            if (!intent || intent->verb != read->verb || !same_json(intent->arguments, read->arguments))
                made.difference = "the model's call asks for another command";
            if (intent) {
                asked.verb = std::move(intent->verb);
                asked.arguments = std::move(intent->arguments);
            }
        }
        const auto now = decide(asked);
        blocks_ += static_cast<int>(result->root()["blocks"].integer().value_or(0));
        made.recorded = name_of(read->decided);
        made.now = name_of(now);
        if (!made.difference.empty()) return;
        const auto outcome = result->root()["outcome"].string().value_or("");
        if (!(now == read->decided))
            made.difference = made.recorded == made.now
                                  ? fmt::format("{} otherwise than it was recorded", made.now)
                                  : fmt::format("{} was recorded, {} is decided now", made.recorded, made.now);
        else if (outcome != event.outcome)
            made.difference = fmt::format("its outcome is {}, and the game's was {}", event.outcome, outcome);
        else if (!now.error.empty() && (outcome != "refused" || result->root()["error"].string() != now.error))
            made.difference = "it was refused, and the result is another one";
    }

    const seal::key& key_;
    session_again out_;
    words_budget budget_;
    std::int64_t epoch_ = 0, number_ = 0;
    int blocks_ = 0;
};

}  // namespace

session_again decide_again(std::vector<events::gaming_changed> records, const seal::key& key) {
    // Of two records in one place, the first one published is decided again.
    using place = std::pair<std::int64_t, std::int64_t>;
    std::multimap<place, events::gaming_changed> in_order;
    for (auto& each : records)
        if (each.number != 0) in_order.emplace(place(each.epoch, each.number), std::move(each));
    replay out(key);
    const events::gaming_changed* last = nullptr;
    for (const auto& [at, each] : in_order) {
        const bool again = last != nullptr && place(last->epoch, last->number) == at;
        if (again && (last->record != each.record || last->outcome != each.outcome || last->kind != each.kind))
            out.differs(fmt::format("record {}.{} stands there twice, and not the same", each.epoch, each.number));
        if (!again) out.add(each);
        last = &each;
    }
    return out.end();
}

}  // namespace airi::workers::gaming
