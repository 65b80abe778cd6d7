#include "gateway/auth/login_attempts.hpp"

#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {

awaitable<> record_login_attempt(services& services, const request& request, std::string email,
    std::optional<user_id> user, std::string_view outcome) {
    co_await postgres::run_one(services.database, std::nullopt,
        sql::bind(
            "auth.record_attempt", {{"email", email}, {"user", user}, {"outcome", outcome},
                                       {"address", request.address}, {"user_agent", request.header("user-agent")}}));
    if (outcome != "success") log::info("auth.login_refused", {{"address", request.address}, {"why", outcome}});
}

}  // namespace airi::gateway
