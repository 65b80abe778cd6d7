#include "workers/runtime/blocked_terms.hpp"

#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::workers {

awaitable<result<>> load_blocked_terms(postgres::database& database, safety::term_screen& terms) {
    const auto rows = co_await postgres::run_one(database, std::nullopt, sql::bind("catalogue.blocked_terms", {}));
    if (!rows) co_return rows.error();
    if (terms.load(rows->text(0, 0)) && !terms.in_force()->pattern_fault().empty())
        log::error("blocked_patterns.invalid", {{"what", terms.in_force()->pattern_fault()}});
    co_return result<>{};
}

}  // namespace airi::workers
