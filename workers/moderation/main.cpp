#include "sql/statements.hpp"
#include "workers/moderation/moderation.hpp"
#include "workers/runtime/program.hpp"

namespace {

using namespace airi;
using namespace airi::workers;

awaitable<result<>> load_terms(postgres::database& from, moderation::term_list& into) {
    postgres::transaction ask;
    ask.statements.push_back(sql::bind("catalogue.blocked_terms", {}));
    const auto rows = co_await from.run(std::move(ask));
    if (!rows) co_return rows.error();
    auto terms = std::make_shared<std::vector<moderation::term>>();
    const auto& all = rows->front();
    for (std::size_t i = 0; i < all.size(); ++i)
        terms->push_back({moderation::normalise(all.text(i, 0)), std::string(all.text(i, 1)), std::string(all.text(i, 2))});
    into = std::move(terms);
    co_return result<>{};
}

}  // namespace

int main(int count, char** arguments) {
    worker_settings settings;
    if (const auto code = load_or_exit_code(count, arguments, settings)) return *code;
    program whole("moderation", settings);
    moderation::term_list terms = std::make_shared<std::vector<moderation::term>>();
    whole.keep_loaded([&] { return load_terms(whole.database(), terms); }, seconds{30});
    return whole.run(moderation::declare(terms));
}
