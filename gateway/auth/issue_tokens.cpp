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
route_result token_answer(services& use, const request& in, const tokens::claims& who, std::string_view user,
    const std::string& renewal, unsigned status) {
    const auto access = use.keys.sign(who);
    json::object data;
    data.add_raw("user", user).add("expires_in", use.options.access_token_life.count());
    const bool cookies = wants_cookies(in);
    if (cookies)
        data.add("token_type", "cookie").add("csrf_token", csrf_token(use, who.session));
    else
        data.add("token_type", "bearer").add("access_token", access).add("refresh_token", renewal);
    auto out = success(status, data.text());
    if (cookies) set_cookies(use, in, who.session, access, renewal, out);
    return out;
}

awaitable<> record_login_attempt(
    services& use, const request& in, std::string email, std::optional<user_id> user, std::string_view outcome) {
    postgres::transaction tell;
    tell.statements.push_back(
        sql::bind("auth.record_attempt", {{"email", email}, {"user", user}, {"outcome", outcome},
                                             {"address", in.address}, {"user_agent", in.header("user-agent")}}));
    co_await use.database.run(std::move(tell));
    if (outcome != "success") log::info("auth.login_refused", {{"address", in.address}, {"why", outcome}});
}

awaitable<route_result> open_session(
    services& use, const request& in, user_id user, std::string email, std::string role, unsigned status, bool is_new) {
    const auto opened = session_id::fresh();
    const auto renewal = random::token();
    postgres::transaction open;
    open.caller = user;
    open.statements.push_back(
        sql::bind("sessions.open", {{"user", user}, {"session", opened}, {"refresh_hash", digest::sha256_hex(renewal)},
                                       {"user_agent", in.header("user-agent")}, {"address", in.address}}));
    open.statements.push_back(sql::bind("auth.account", {{"session", opened}}));
    open.statements.push_back(sql::bind("sessions.device", {{"session", opened}}));
    const auto got = co_await use.database.run(std::move(open));
    if (!got) co_return problem_of(got.error());
    const auto &is = (*got)[1], &device = (*got)[2];
    if (is.empty()) {
        if (auto refused = co_await check_standing(use, user)) co_return std::move(*refused);
        co_return problem{403, "ACCOUNT_INACTIVE", "this account may not be used"};
    }
    // The sessions that had to make room end on every gateway at once.
    for (std::size_t i = 0; i < got->front().size(); ++i) {
        co_await tell_session_ended(use, session_id::parse(got->front().text(i, 0)).value_or(session_id{}));
    }
    if (!is_new && !device.empty() && device.text(0, 1) == "t")
        send_notice(use, in, user, "new_login",
            {{"device", std::string(device.text(0, 0))}, {"address", in.address}, {"time", to_text(in.arrived)}});
    const tokens::claims who{
        user, opened, std::move(email), std::move(role), in.arrived, in.arrived + use.options.access_token_life};
    co_return token_answer(use, in, who, is.text(0, 0), renewal, status);
}

}  // namespace airi::gateway
