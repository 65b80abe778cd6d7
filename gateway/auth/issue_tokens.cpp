#include "gateway/auth/issue_tokens.hpp"

#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/authenticate.hpp"
#include "gateway/auth/cookies.hpp"
#include "gateway/auth/session_revocation.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {

problem signup_fault(std::string_view outcome) {
    if (outcome == "birth_date") return invalid("/birth_date", "nobody was born on this day");
    if (outcome == "birth_date_needed") return invalid("/birth_date", "the date of birth is needed");
    if (outcome == "parent_email_needed")
        return invalid("/parent_email", "a parent has to agree: their address is needed");
    if (outcome == "parent_email_own")
        return invalid("/parent_email", "this must be a parent's address, not the child's");
    if (outcome == "consents") return invalid("/consents", "analytics are not for minors");
    return {409, "EMAIL_TAKEN", "this address has an account already"};
}
// What a session is entered with: in the answer's body, or as cookies.
route_result token_answer(services& services, const request& request, const tokens::claims& who, std::string_view user,
    const std::string& renewal, unsigned status) {
    const auto access = services.keys.sign(who);
    json::object data;
    data.add_raw("user", user).add("expires_in", services.options.access_token_life.count());
    const bool cookies = wants_cookies(request);
    if (cookies)
        data.add("token_type", "cookie").add("csrf_token", csrf_token(services, who.session));
    else
        data.add("token_type", "bearer").add("access_token", access).add("refresh_token", renewal);
    auto out = success(status, data.text());
    if (cookies) set_cookies(services, request, who.session, access, renewal, out);
    return out;
}

awaitable<> record_login_attempt(services& services, const request& request, std::string email,
    std::optional<user_id> user, std::string_view outcome) {
    postgres::transaction tell;
    tell.statements.push_back(sql::bind(
        "auth.record_attempt", {{"email", email}, {"user", user}, {"outcome", outcome}, {"address", request.address},
                                   {"user_agent", request.header("user-agent")}}));
    co_await services.database.run(std::move(tell));
    if (outcome != "success") log::info("auth.login_refused", {{"address", request.address}, {"why", outcome}});
}

awaitable<route_result> open_session(services& services, const request& request, user_id user, std::string email,
    std::string role, unsigned status, bool is_new) {
    const auto opened = session_id::fresh();
    const auto renewal = random::token();
    postgres::transaction open;
    open.caller = user;
    open.statements.push_back(
        sql::bind("sessions.open", {{"user", user}, {"session", opened}, {"refresh_hash", digest::sha256_hex(renewal)},
                                       {"user_agent", request.header("user-agent")}, {"address", request.address}}));
    open.statements.push_back(sql::bind("auth.account", {{"session", opened}}));
    open.statements.push_back(sql::bind("sessions.device", {{"session", opened}}));
    const auto got = co_await services.database.run(std::move(open));
    if (!got) co_return problem_of(got.error());
    const auto &is = (*got)[1], &device = (*got)[2];
    if (is.empty()) {
        if (auto refused = co_await check_standing(services, user)) co_return std::move(*refused);
        co_return problem{403, "ACCOUNT_INACTIVE", "this account may not be used"};
    }
    // The sessions that had to make room end on every gateway at once.
    for (std::size_t i = 0; i < got->front().size(); ++i) {
        co_await tell_session_ended(services, session_id::parse(got->front().text(i, 0)).value_or(session_id{}));
    }
    if (!is_new && !device.empty() && device.text(0, 1) == "t")
        send_notice(services, request, user, "new_login",
            {{"device", std::string(device.text(0, 0))}, {"address", request.address},
                {"time", to_text(request.arrived)}});
    const tokens::claims who{user, opened, std::move(email), std::move(role), request.arrived,
        request.arrived + services.options.access_token_life};
    co_return token_answer(services, request, who, is.text(0, 0), renewal, status);
}

}  // namespace airi::gateway
