#include "workers/scheduler/erasure_ledger.hpp"

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::workers::scheduler {

awaitable<> record_erasures(postgres::database& database, storage::store& ledger) {
    const auto due = co_await postgres::run_one(database, std::nullopt, sql::bind("scheduler.erasures_to_record", {}));
    if (!due) co_return;
    for (std::size_t i = 0; i < due->size(); ++i) {
        const auto user = std::string(due->text(i, 0)), at = std::string(due->text(i, 1));
        // The time in the name tells a second erasure of the same account from its first.
        const auto name = "erased/" + at + "-" + user;
        const auto stored =
            co_await ledger.put_new(name, json::object().add("user_id", user).add("at", at).text() + "\n");
        if (!stored && stored.error() != storage::errc::exists) {
            log::error("erasure_ledger.failed", {{"user_id", user}, {"error", stored.error().message()}});
            co_return;
        }
        const auto noted = co_await postgres::run_one(
            database, std::nullopt, sql::bind("scheduler.erasure_recorded", {{"user", std::string_view(user)}}));
        if (!noted) co_return;
    }
}

}  // namespace airi::workers::scheduler
