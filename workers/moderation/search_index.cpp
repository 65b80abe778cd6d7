#include "workers/moderation/search_index.hpp"

#include "platform/base/log.hpp"
#include "sql/search.hpp"
#include "sql/statements.hpp"

namespace airi::workers::moderation {

awaitable<result<>> index_messages(postgres::database& database) {
    while (true) {
        const auto rows = co_await postgres::run_one(database, std::nullopt, sql::bind("messages.unindexed", {}));
        if (!rows) co_return rows.error();
        if (rows->empty()) co_return result<>{};
        std::vector<std::string> messages, created, words;
        for (std::size_t i = 0; i < rows->size(); ++i) {
            messages.emplace_back(rows->text(i, 0));
            created.emplace_back(rows->text(i, 1));
            words.push_back(sql::search::vector_of(rows->text(i, 2)));
        }
        const auto indexed = co_await postgres::run_one(database, std::nullopt,
            sql::bind("messages.index", {{"messages", messages}, {"created", created}, {"words", words}}));
        if (!indexed) co_return indexed.error();
        log::info("messages.indexed", {{"messages", indexed->integer(0, 0)}});
    }
}

}  // namespace airi::workers::moderation
