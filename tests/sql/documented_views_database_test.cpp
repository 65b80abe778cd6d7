// The views by which the products' specifications name data that has another name here: the right rows on each product,
// and nobody else's.
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>

#include "tests/sql/product_databases.hpp"

using namespace airi;
using namespace airi::tests;

namespace {

const postgres::prepared join{"join",
    "insert into users (id, email, display_name, plan) select $1::uuid, $1 || '@example.com', 'Ada', id "
    "from plans where is_default",
    {"id"}};
// A turn of the user $1, $2 days ago: a question, its reply, a call that failed and one that did not.
const postgres::prepared turn{"turn", R"(
    with c as (
        insert into conversations (id, user_id, title, message_count, last_message_preview)
        values (gen_random_uuid(), $1::uuid, 'Trip', 2, 'By train.') returning id
    ), g as (
        insert into generations (id, conversation_id, user_id, message_id, message_created_at, reply_id, state,
                                 provider, used_model, tokens_in, tokens_out, cost_nanousd, latency_ms)
        select gen_random_uuid(), id, $1::uuid, gen_random_uuid(), now() - make_interval(days => $2::int),
               gen_random_uuid(), 'completed', 'openai', 'gpt-4', 10, 20, 3000, 70
        from c returning *
    ), question as (
        insert into messages (id, conversation_id, user_id, role, content, status, created_at)
        select message_id, conversation_id, user_id, 'user', 'How do I get there?', 'accepted', message_created_at
        from g
    ), reply as (
        insert into messages (id, conversation_id, user_id, role, content, status, created_at, metadata)
        select reply_id, conversation_id, user_id, 'assistant', 'By train.', 'completed',
               message_created_at + interval '1 microsecond',
               '{"provider": "openai", "model": "gpt-4", "tokens_in": 10, "tokens_out": 20, "latency_ms": 70}'
        from g
    ), decided as (
        insert into moderation_decisions (message_id, user_id, action, confidence, reason)
        select message_id, user_id, 'warn', 1, 'a term' from g
    ), called as (
        insert into provider_calls (generation_id, epoch, call, user_id, provider, model, outcome, tokens_in,
                                    tokens_out, cost_nanousd, latency_ms)
        select g.id, 1, n, user_id, 'anthropic', 'claude', (array['timeout', 'completed'])[n], 5, 0, 100, 900
        from g, generate_series(1, 2) n
    ), logged as (
        insert into usage_log (event_id, user_id, resource, quantity, provider, model, tokens_in, tokens_out,
                               cost_nanousd, outcome, reference, occurred_at)
        select gen_random_uuid(), user_id, l.*, id, message_created_at
        from g, (values ('messages', 1, 'openai', 'gpt-4', 0, 0, 0, 'completed'),
                        ('tokens', 5, 'anthropic', 'claude', 5, 0, 100, 'timeout'),
                        ('tokens', 30, 'openai', 'gpt-4', 10, 20, 3000, 'completed')) l
    ), summed as (
        insert into usage_daily (user_id, day, resource, model, requests, quantity, tokens_in, tokens_out, cost_nanousd)
        select user_id, (message_created_at at time zone 'utc')::date, 'messages', 'gpt-4', 1, 1, 10, 20, 3000 from g
    )
    insert into audit_log (user_id, actor, action, subject) values ($1::uuid, $1::uuid, 'password.changed', 'x'))",
    {"id", "days"}};

struct view {
    std::string_view name, columns, condition;  // of the rows of the user $1
    std::string_view expected;                  // a line a row
    bool of_gateway;                            // the gateway's role may read it
};
// $1 is replaced by the user's id, $email by the address, $plan by the default plan.
constexpr view views[] = {
    {"usage_logs", "resource_type, amount, provider, tokens_used, cost_nanousd, error", "user_id = $1 order by amount",
        "messages|1|openai|0|0|\ntokens|5|anthropic|5|100|timeout\ntokens|30|openai|30|3000|", false},
    {"usage_daily_aggregates", "resource_type, model, requests, total_tokens, cost_nanousd", "user_id = $1",
        "messages|gpt-4|1|30|3000", true},
    {"recent_conversations", "title, message_count, last_message_preview", "user_id = $1", "Trip|2|By train.", true},
    {"user_profiles", "email, display_name, subscription_tier, subscription_status", "id = $1", "$email|Ada|$plan|free",
        true},
    {"profiles", "email, tier, parental_consent", "id = $1", "$email|$plan|none", true},
    {"chat_messages", "role, content, provider, tokens_out, response_time_ms", "user_id = $1 order by created_at",
        "user|How do I get there?|||\nassistant|By train.|openai|20|70", true},
    {"conversation_messages", "role, content, tokens_used, flagged, flag_reason",
        "conversation_id in (select id from conversations where user_id = $1) order by timestamp",
        "user|How do I get there?||t|a term\nassistant|By train.|30|f|", false},
    {"audit_logs", "actor_email, actor_role, action, resource_type, resource_id", "actor_id = $1",
        "$email|user|password.changed|password|x", true},
    {"ai_responses", "prompt, response, tier, tokens_used, model_used, processing_time_ms", "user_id = $1",
        "How do I get there?|By train.|OPENAI|30|openai:gpt-4|70", true},
};

std::string with(std::string text, std::string_view word, std::string_view value) {
    for (auto at = text.find(word); at != text.npos; at = text.find(word, at + value.size()))
        text.replace(at, word.size(), value);
    return text;
}

std::string rows_of(std::string_view profile, std::string_view role, const std::string& query,
    std::optional<user_id> caller = std::nullopt) {
    static std::deque<postgres::prepared> statements;
    const auto& statement =
        statements.emplace_back(postgres::prepared{"view " + std::to_string(statements.size()), query, {}});
    return databases().lines(profile, {&statement, {}}, role, caller);
}

user_id joined(std::string_view profile, int days_ago) {
    const auto user = user_id::fresh();
    databases().row(profile, join, {user.text()});
    databases().row(profile, turn, {user.text(), std::to_string(days_ago)});
    return user;
}

}  // namespace

TEST_CASE("AIRI-31: the documented names are views with the rows of each product, and of the caller only") {
    for (const auto& product : documented_profiles) {
        CAPTURE(product.profile);
        const auto user = joined(product.profile, 0), other = joined(product.profile, 1);
        for (const auto& each : views) {
            CAPTURE(each.name);
            const auto query = "select " + std::string(each.columns) + " from " + std::string(each.name);
            const auto mine = query + " where " + with(std::string(each.condition), "$1", "'" + user.text() + "'");
            const auto expected = with(with(std::string(each.expected), "$email", user.text() + "@example.com"),
                "$plan", product.default_plan);
            CHECK(rows_of(product.profile, superuser, mine) == expected);
            if (!each.of_gateway) continue;
            const auto all = "select count(*) from " + std::string(each.name);
            const auto lines = std::to_string(1 + std::count(expected.begin(), expected.end(), '\n'));
            CHECK(rows_of(product.profile, as_gateway, mine, user) == expected);
            CHECK(rows_of(product.profile, as_gateway, all, user) == lines);
            CHECK(rows_of(product.profile, as_gateway, mine, other) == "");
            CHECK(rows_of(product.profile, as_gateway, all) == "0");
        }
    }
}

TEST_CASE("AIRI-41: active users and the use of features are counted by day, model and provider") {
    for (const auto& product : documented_profiles) {
        CAPTURE(product.profile);
        const auto today = joined(product.profile, 0), last_week = joined(product.profile, 10),
                   long_ago = joined(product.profile, 40);
        const std::string active =
            "select daily_active_users, weekly_active_users, monthly_active_users from active_users_summary";
        CHECK(rows_of(product.profile, as_gateway, active, today) == "1|1|1");
        CHECK(rows_of(product.profile, as_gateway, active, last_week) == "0|0|1");
        CHECK(rows_of(product.profile, as_gateway, active, long_ago) == "0|0|0");
        const std::string features =
            "select users >= 1, requests >= users, amount = 30 * requests, tokens_in = 10 * requests from "
            "feature_usage "
            "where feature = 'tokens' and provider = 'openai' and model = 'gpt-4' and "
            "date = (now() at time zone 'utc')::date - 40";
        CHECK(rows_of(product.profile, superuser, features) == "t|t|t|t");
    }
}

TEST_CASE("every view has the rights of its readers") {
    const std::string others =
        "select relname from pg_class where relnamespace = 'airi'::regnamespace and relkind in ('v', 'm') "
        "and (reloptions is null or not reloptions @> array['security_invoker=true'])";
    CHECK(rows_of("saas", superuser, others) == "");
    CHECK(
        rows_of("saas", superuser,
            "select count(*) >= 11 from pg_class where relnamespace = 'airi'::regnamespace and relkind = 'v'") == "t");
}
