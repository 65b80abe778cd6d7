#include "workers/chat/shadow.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "events/chat.hpp"
#include "events/codec.hpp"
#include "platform/base/json.hpp"
#include "sql/generations.hpp"
#include "sql/statements.hpp"
#include "workers/chat/prompt.hpp"
#include "workers/chat/reply_gate.hpp"
#include "workers/providers/models.hpp"
#include "workers/runtime/blocked_terms.hpp"

namespace airi::workers::chat {
namespace {

namespace gen = sql::generations;

struct stored_reply {
    std::string state, error, provider, model;
    std::int64_t prompt_tokens = 0;  // 0: unknown
    bool summarised = false;
    std::string text, calls, action, category;
    std::optional<gen::claimed> claim;

    std::string author() const { return provider + '/' + model; }
};

stored_reply read_reply(const postgres::rows& rows, std::size_t row) {
    using text = std::string;
    auto [id, state, error, provider, model, tokens, summarised, content, calls, action, category, claim] =
        rows.read<generation_id, text, text, text, text, std::int64_t, bool, text, text, text, text, std::string_view>(
            row);
    return {std::move(state), std::move(error), std::move(provider), std::move(model), tokens, summarised,
        std::move(content), std::move(calls), std::move(action), std::move(category), gen::read_claim(claim)};
}

class chat_shadow final : public shadow {
public:
    explicit chat_shadow(postgres::database& database) : database_(database) {}

    awaitable<result<>> begin() override {
        if (const auto done = co_await load_blocked_terms(database_, terms_); !done) co_return done;
        if (const auto done = co_await providers::load_models(database_, {}, models_); !done) co_return done;
        if (const auto done = co_await providers::load_rules(database_, rules_); !done) co_return done;
        const auto rows = co_await postgres::run_one(
            database_, std::nullopt, sql::bind("catalogue.setting", {{"key", "crisis_instructions"}}));
        if (!rows) co_return rows.error();
        distress_ = rows->text(0, 0);
        co_return result<>{};
    }

    awaitable<result<>> add(std::vector<kafka::message> records) override {
        std::vector<events::chat_screened> batch;
        std::vector<std::string> ids;
        for (const auto& record : records) {
            const auto event = events::decode<events::chat_screened>(record.value);
            if (!event) {
                ++report_.not_compared["the record is no chat.screened event"];
            } else if (seen_.insert(event->generation).second) {
                batch.push_back(*event);
                ids.push_back(event->generation.text());
            } else {
                ++report_.not_compared["the message came before"];
            }
        }
        const auto rows =
            co_await postgres::run_one(database_, std::nullopt, sql::bind("generations.replies", {{"ids", ids}}));
        if (!rows) co_return rows.error();
        std::unordered_map<generation_id, stored_reply> stored;
        for (std::size_t i = 0; i < rows->size(); ++i)
            stored.emplace(rows->id<generation_id>(i, 0).value_or(generation_id{}), read_reply(*rows, i));
        for (const auto& event : batch) {
            const auto found = stored.find(event.generation);
            if (found == stored.end())
                ++report_.not_compared["no ended generation is stored"];
            else
                compare(event, found->second);
        }
        co_return result<>{};
    }

    const shadow_report& report() const override { return report_; }

private:
    void compare(const events::chat_screened& event, const stored_reply& stored) {
        if (!stored.claim || stored.provider.empty() || stored.provider == gen::own_provider) {
            ++report_.not_compared["no model wrote the reply"];
            return;
        }
        ++report_.compared;
        const bool other_prompt = compare_prompt(event, stored);
        if (!(compare_reply(event, stored) || other_prompt)) ++report_.same;
    }

    void differ(const events::chat_screened& event, shadow_difference difference) {
        report_.add(std::move(difference), event.generation.text());
    }

    // True: there is a difference.
    bool compare_prompt(const events::chat_screened& event, const stored_reply& stored) {
        const auto& claim = *stored.claim;
        for (const auto* text : {&claim.personality, &claim.system_prompt, &claim.summary})
            if (const auto& found = terms_.check_known(*text); found.blocks()) {
                differ(event, {"prompt refused", found.reason, stored.state, "failed"});
                return true;
            }
        const auto model = std::ranges::find_if(
            *models_, [&](const auto& one) { return one.provider == stored.provider && one.model == stored.model; });
        if (model == models_->end()) {
            differ(event, {"model is gone", "", stored.author(), "none"});
            return true;
        }
        if (stored.summarised || stored.prompt_tokens == 0) {
            ++report_.notes[stored.summarised ? "prompt not compared: the summary has grown over the message since"
                                              : "prompt not compared: the count of its tokens is not stored"];
            return false;
        }
        const auto prompt = build_prompt(claim, *model, {rules_.temperature, distress_});
        const auto tokens = estimate_tokens(prompt);
        if (prompt.turns.empty())
            differ(event, {"message too long", "", stored.state, "failed"});
        else if (tokens != stored.prompt_tokens)
            differ(event, {tokens > stored.prompt_tokens ? "longer prompt" : "shorter prompt", "", stored.author(),
                              stored.author()});
        return prompt.turns.empty() || tokens != stored.prompt_tokens;
    }

    bool compare_reply(const events::chat_screened& event, const stored_reply& stored) {
        if (stored.state == "rejected") {
            ++report_.notes["reply not screened: it was held back, and what was is not stored"];
            return false;
        }
        reply_gate gate(terms_.in_force());
        gate.add(stored.text);
        const auto calls = json::document::parse(stored.calls);
        std::size_t index = 0;
        if (calls)
            calls->root().each([&](json::value call) {
                const auto function = call["function"];
                gate.add({index++, {}, std::string(function["name"].string().value_or("")),
                    std::string(function["arguments"].string().value_or(""))});
            });
        gate.finish();
        const auto found = gate.found();
        safety::verdict was;
        was.action = stored.action;
        const bool stricter = found.outweighs(was);
        if (!stricter && !was.outweighs(found)) return false;
        const auto category = found.categories.empty() ? stored.category : found.categories.front();
        differ(event, {found.blocks() ? "reply held back"
                          : stricter  ? "reply stricter"
                                      : "reply milder",
                          category, was.action, found.action});
        return true;
    }

    postgres::database& database_;
    safety::term_screen terms_;
    providers::model_list models_ = std::make_shared<const std::vector<providers::priced_model>>();
    providers::provider_rules rules_;
    std::string distress_;
    std::unordered_set<generation_id> seen_;
    shadow_report report_;
};

}  // namespace

std::unique_ptr<shadow> open_shadow(postgres::database& database) { return std::make_unique<chat_shadow>(database); }

}  // namespace airi::workers::chat
