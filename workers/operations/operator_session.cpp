#include "workers/operations/operator_session.hpp"

#include <pwd.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>

#include "sql/statements.hpp"

namespace airi::workers::operations {

std::string login_name() {
    const auto* user = getpwuid(geteuid());
    return user ? user->pw_name : std::to_string(geteuid());
}

operator_session::operator_session(const secret& database_url, std::string name)
    : database_(postgres::open({.url = database_url, .connections = 1, .waiting = 10})), name_(std::move(name)) {}

result<postgres::rows> operator_session::run(postgres::bound statement, std::optional<user_id> caller) {
    postgres::transaction work;
    work.caller = caller;
    work.statements.push_back(sql::bind("operations.operator", {{"name", name_}}));
    work.statements.push_back(std::move(statement));
    std::optional<result<std::vector<postgres::rows>>> out;
    boost::asio::co_spawn(io_, database_->run(std::move(work)),
        [&](const std::exception_ptr& thrown, result<std::vector<postgres::rows>> rows) {
            if (thrown) std::rethrow_exception(thrown);
            out.emplace(std::move(rows));
        });
    io_.restart();
    io_.run();
    if (!*out) return out->error();
    return std::move((*out)->back());
}

result<> operator_session::record(std::string_view action, std::string_view subject, json::object details) {
    const auto rows =
        run(sql::bind("operations.audit", {{"action", action}, {"subject", subject}, {"details", details.text()}}));
    if (!rows) return rows.error();
    return {};
}

}  // namespace airi::workers::operations
