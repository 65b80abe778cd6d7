#include "gateway/auth/issue_tokens.hpp"

#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/authenticate.hpp"
#include "gateway/auth/cookies.hpp"
#include "gateway/auth/csrf.hpp"
#include "gateway/auth/session_revocation.hpp"
#include "platform/base/json.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {

route_result token_answer(services& services, const request& request, const tokens::claims& claims,
    std::string_view user, const std::string& refresh_token, unsigned status) {
    const auto access_token = services.keys.sign(claims);
    const auto csrf = csrf_token(services, claims.session);
    const auto transport = transport_of(services, request);
    json::object data;
    data.add_raw("user", user).add("expires_in", access_token_life(services).count());
    if (transport == token_transport::cookie)
        data.add("token_type", "cookie").add("csrf_token", csrf);
    else
        data.add("token_type", "bearer").add("access_token", access_token);
    if (transport == token_transport::bearer) data.add("refresh_token", refresh_token);
    auto out = success(status, data.text());
    if (transport == token_transport::cookie)
        set_cookies(services, request, {access_token, refresh_token, csrf}, out);
    else if (transport == token_transport::refresh_cookie)
        set_cookies(services, request, {{}, refresh_token, {}}, out);
    return out;
}

awaitable<route_result> open_session(services& services, const request& request, signed_in_user user, unsigned status) {
    const auto session = session_id::fresh();
    const auto refresh_token = random::token();
    postgres::transaction open;
    open.caller = user.id;
    open.statements.push_back(sql::bind(
        "sessions.open", {{"user", user.id}, {"session", session}, {"refresh_hash", digest::sha256_hex(refresh_token)},
                             {"user_agent", request.header("user-agent")}, {"address", request.address},
                             {"second_factor", user.second_factor}}));
    open.statements.push_back(sql::bind("auth.account", {{"session", session}}));
    if (!user.is_new)
        open.statements.push_back(bind_notice(
            services, "sessions.login_notice", {{"session", session}, {"address", request.address}}, request));
    const auto rows = co_await services.database.run(std::move(open));
    if (!rows) co_return problem_of(rows.error());
    const auto &ended = (*rows)[0], &account = (*rows)[1];
    if (!user.is_new && !rows->back().empty()) wake_relay(services);
    if (account.empty()) {
        if (auto refused = co_await check_account_status(services, user.id)) co_return std::move(*refused);
        co_return problem{403, "ACCOUNT_INACTIVE", "this account is not active"};
    }
    // The sessions over the limit, which had to make room.
    for (std::size_t i = 0; i < ended.size(); ++i)
        co_await publish_session_end(services, ended.id<session_id>(i, 0).value_or(session_id{}));
    const tokens::claims claims{user.id, session, std::move(user.email), std::move(user.role), request.arrived,
        request.arrived + access_token_life(services)};
    co_return token_answer(services, request, claims, account.text(0, 0), refresh_token, status);
}

}  // namespace airi::gateway
