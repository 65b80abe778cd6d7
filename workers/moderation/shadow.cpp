#include "workers/moderation/shadow.hpp"

#include <unordered_map>
#include <unordered_set>

#include "platform/base/json.hpp"
#include "sql/statements.hpp"
#include "workers/moderation/moderation.hpp"
#include "workers/moderation/rules_in_force.hpp"
#include "workers/moderation/shadow_rules.hpp"
#include "workers/runtime/blocked_terms.hpp"

namespace airi::workers::moderation {
namespace {

struct stored_judgement {
    std::optional<std::string> action;  // none: nobody has judged the message
    std::string category;
    std::optional<crisis_decision> crisis;
    std::optional<providers::category_scores> scores;
};

struct key_owner {
    std::string wrapped;
    user_traits traits;
};

std::optional<providers::category_scores> read_scores(std::string_view text) {
    const auto parsed = json::document::parse(text);
    if (!parsed || parsed->root().type() != json::kind::object) return std::nullopt;
    providers::category_scores out;
    parsed->root().members(
        [&](std::string_view name, json::value score) { out.emplace(name, score.number().value_or(0)); });
    return out;
}

class moderation_shadow final : public shadow {
public:
    moderation_shadow(postgres::database& database, const seal::master& master)
        : database_(database), master_(master) {}

    awaitable<result<>> begin() override {
        if (const auto done = co_await load_blocked_terms(database_, terms_); !done) co_return done;
        std::string text;
        if (const auto done = co_await load_rules(database_, text, rules_); !done) co_return done;
        co_return co_await load_safety(database_, safety_);
    }

    awaitable<result<>> add(std::vector<kafka::message> records) override {
        std::vector<events::chat_requested> batch;
        for (const auto& record : records) {
            auto event = events::decode<events::chat_requested>(record.value);
            if (!event)
                ++report_.not_compared["the record is no chat.requested event"];
            else if (seen_.insert(event->message).second)
                batch.push_back(std::move(*event));
            else
                ++report_.not_compared["the message came before"];
        }
        std::vector<std::string> ids, users;
        for (const auto& event : batch) {
            ids.push_back(event.generation.text());
            users.push_back(event.user.text());
        }
        postgres::transaction both;
        both.statements.push_back(sql::bind("generations.judged", {{"ids", ids}}));
        both.statements.push_back(sql::bind("user_keys.get", {{"users", users}}));
        const auto rows = co_await database_.run(std::move(both));
        if (!rows) co_return rows.error();
        const auto stored = read_judgements(rows->front());
        const auto owners = read_owners(rows->back());
        for (auto& event : batch)
            if (const auto done = compare(event, stored, owners); !done) co_return done;
        co_return result<>{};
    }

    const shadow_report& report() const override { return report_; }

private:
    using judgements = std::unordered_map<generation_id, stored_judgement>;
    using owners = std::unordered_map<user_id, key_owner>;

    static judgements read_judgements(const postgres::rows& rows) {
        judgements out;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            auto [id, action, category, crisis, scores] =
                rows.read<generation_id, std::optional<std::string>, std::string, std::string_view, std::string_view>(
                    i);
            out.emplace(id, stored_judgement{std::move(action), std::move(category), crisis_decision::parse(crisis),
                                read_scores(scores)});
        }
        return out;
    }
    static owners read_owners(const postgres::rows& rows) {
        owners out;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            auto [user, wrapped, minor, plan] = rows.read<user_id, std::string, bool, std::string>(i);
            out.emplace(user, key_owner{std::move(wrapped), {minor, std::move(plan)}});
        }
        return out;
    }

    // Why the text cannot be read; empty: it can.
    result<std::string> open_text(events::chat_requested& event, const key_owner* owner) const {
        if (!event.sealed) return std::string{};
        if (owner == nullptr) return std::string("the user has no key any more");
        const auto key = master_.unwrap(owner->wrapped, event.user);
        if (!key && failure_of(key.error()) == failure::outage) return key.error();
        if (!key || !open(event, *key)) return std::string("the text does not open with the user's key");
        return std::string{};
    }

    result<> compare(events::chat_requested& event, const judgements& all, const owners& owners) {
        const auto stored = all.find(event.generation);
        const auto owner = owners.find(event.user);
        if (stored == all.end()) {
            ++report_.not_compared["nothing is stored of the message"];
            return {};
        }
        const auto fault = open_text(event, owner == owners.end() ? nullptr : &owner->second);
        if (!fault) return fault.error();
        if (!fault->empty()) {
            ++report_.not_compared[*fault];
            return {};
        }
        const auto judged =
            judge_now(event, stored->second, owner == owners.end() ? user_traits{} : owner->second.traits);
        if (!stored->second.action)
            ++report_.not_compared["nobody had judged the message"];
        else
            compare(event, judged, stored->second);
        return {};
    }

    // A conversation's first message that is read has the state before the stored decision, where there is one.
    judgement judge_now(const events::chat_requested& event, const stored_judgement& stored, user_traits user) {
        stored_state before;
        if (const auto known = states_.find(event.conversation); known != states_.end())
            before.state = known->second;
        else if (stored.crisis)
            before.state.now = stored.crisis->old_state;
        assessment known{rules_, std::move(user)};
        auto judged = judge(event, terms_, *safety_.gate, before, known);
        if (needs_scores(judged, known)) {
            known.scores = stored.scores;
            if (known.scores)
                judged = judge_again(std::move(judged), event, *safety_.gate, known);
            else
                ++report_.notes["judged without a provider's scores: none are stored"];
        }
        if (event.listed) states_.insert_or_assign(event.conversation, judged.checked.decided.after);
        return judged;
    }

    void compare(const events::chat_requested& event, const judgement& judged, const stored_judgement& stored) {
        ++report_.compared;
        if (auto found = difference_between(*stored.action, stored.category, judged))
            report_.add(std::move(*found), event.message.text());
        else
            ++report_.same;
    }

    postgres::database& database_;
    const seal::master& master_;
    safety::term_screen terms_;
    safety_data safety_;
    std::shared_ptr<const thresholds> rules_ = std::make_shared<const thresholds>();
    std::unordered_set<message_id> seen_;
    std::unordered_map<conversation_id, safety::conversation> states_;
    shadow_report report_;
};

}  // namespace

std::unique_ptr<shadow> open_shadow(postgres::database& database, const seal::master& master) {
    return std::make_unique<moderation_shadow>(database, master);
}

}  // namespace airi::workers::moderation
