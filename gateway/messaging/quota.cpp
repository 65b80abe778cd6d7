#include "gateway/messaging/quota.hpp"

#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

awaitable<result<>> seed(services& services, user_id sender, quota day) {
    const auto rows =
        co_await postgres::run_one(services.database, sender, sql::bind("quota.messages_today", {{"day", day.day}}));
    if (!rows) co_return rows.error();
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < rows->size(); ++i) ids.emplace_back(rows->text(i, 0));
    co_return co_await services.limits.seed(std::move(day), std::move(ids));
}

// Postgres decides: Redis may have lost messages that are under way, and may be away.
awaitable<std::optional<problem>> count_in_postgres(
    services& services, const account& sender, quota day, decision& used) {
    const auto most_tokens = sender.limit("tokens/day").value_or(-1);
    if (day.max < 0 && most_tokens < 0) co_return std::nullopt;
    const auto rows = co_await postgres::run_one(services.database, sender.id,
        sql::bind(
            "quota.take", {{"day", day.day}, {"max", day.max}, {"message", day.member}, {"max_tokens", most_tokens}}));
    const auto answer = rows ? rows->text(0, 0) : std::string_view{};
    const bool of_tokens = answer.starts_with("tokens");
    if (answer == "allowed" || answer == "repeated") {
        used.repeated = answer == "repeated";
        co_return std::nullopt;
    }
    co_await services.limits.give_back(day);
    if (!rows) co_return problem_of(rows.error());
    used.is = decision::kind::quota_used;
    used.name = of_tokens ? "tokens" : "messages";
    used.limit = of_tokens ? most_tokens : day.max;
    used.window = 86'400;
    used.remaining = 0;
    const auto into_day = now().time_since_epoch() % std::chrono::days{1};
    used.reset = answer == "tokens_reserved" ? 1 : std::chrono::ceil<seconds>(std::chrono::days{1} - into_day).count();
    co_return too_many(used);
}

// Redis rejects in one step what exceeds a limit it knows of; without Redis the profile decides.
awaitable<std::optional<problem>> count(
    services& services, const account& sender, quota day, std::string_view group, std::string read, decision& used) {
    std::vector<window> windows;
    const bool limits = is_on(services, "rate_limiting", &sender);
    if (limits) {
        windows = windows_of(services.options, sender, "chat");
        for (auto& one : windows_of(services.options, sender, group))
            if (one.name == group) windows.push_back(std::move(one));
    }
    for (int tries = 0; tries < 3; ++tries) {
        const auto got = co_await services.limits.take(windows, day, read);
        if (!got) used.read = "unknown";
        if (!got && limits)
            for (const auto each : {std::string_view("chat"), group})
                if (auto refused = refuse_uncounted(services, each)) co_return refused;
        if (!got) break;
        if (got->is == decision::kind::unseeded) {
            const auto seeded = co_await seed(services, sender.id, day);
            if (!seeded && !services.database.available()) co_return problem_of(seeded.error());
            continue;
        }
        used = *got;
        if (used.is != decision::kind::allowed) co_return too_many(used);
        break;
    }
    co_return co_await count_in_postgres(services, sender, std::move(day), used);
}

}  // namespace

awaitable<std::optional<problem>> count_message(
    services& services, const account& sender, quota day, std::string_view group, std::string read, decision& used) {
    auto rejected = co_await count(services, sender, std::move(day), group, std::move(read), used);
    if (rejected && used.is != decision::kind::allowed) rejected->headers = rate_limit_headers(used);
    co_return rejected;
}

awaitable<> uncount_message(services& services, user_id sender, quota day) {
    co_await services.limits.give_back(day);
    co_await postgres::run_one(
        services.database, sender, sql::bind("quota.give_back", {{"day", day.day}, {"message", day.member}}));
}

}  // namespace airi::gateway
