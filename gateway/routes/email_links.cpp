#include "gateway/routes/email_links.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "events/email.hpp"
#include "gateway/authenticate.hpp"
#include "gateway/kept_answers.hpp"
#include "gateway/routes/open_session.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/session_endings.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::string_view to_parents = "parental_consent";

struct wish {
    std::optional<user_id> user;
    std::string email, kind;
    cause why;
    std::string variables = {};  // of a notice, JSON
};

int minutes_of(std::string_view kind) { return kind == "verify_email" ? 24 * 60 : kind == "reset_password" ? 60 : 15; }

constexpr std::chrono::hours notice_life{24};

awaitable<> notify(services& use, wish of) {
    postgres::transaction ask;
    ask.caller = *of.user;
    ask.statements.push_back(sql::bind("email_links.recipient", {}));
    const auto rows = co_await use.database.run(std::move(ask));
    if (!rows || rows->front().empty()) co_return;
    const auto& row = rows->front();
    events::email_requested mail;
    mail.user = *of.user;
    mail.to = row.text(0, 0);
    mail.kind = of.kind;
    mail.locale = row.text(0, 1);
    mail.link = use.options.public_url + "/";
    of.variables.insert(1, "\"name\":" + json::quoted(row.text(0, 2)) + ",");
    mail.variables = {of.variables};
    mail.expires_at = of.why.at + notice_life;
    co_await publish_mail(use, mail, random::token(), of.why);
}

awaitable<> send(services& use, wish of) {
    const auto token = random::token();
    const bool to_parent = of.kind == to_parents;
    const auto hash = digest::sha256_hex(token);
    postgres::transaction make;
    make.statements.push_back(
        to_parent ? sql::bind("parental_consent.make", {{"user", of.user}, {"hash", hash}})
                  : sql::bind("email_links.make", {{"user", of.user}, {"email", of.email}, {"kind", of.kind},
                                                      {"hash", hash}, {"minutes", minutes_of(of.kind)}}));
    const auto rows = co_await use.database.run(std::move(make));
    if (!rows || rows->front().empty()) co_return;
    const auto& row = rows->front();
    events::email_requested mail;
    mail.user = user_id::parse(row.text(0, 0)).value_or(user_id{});
    mail.to = row.text(0, 1);
    mail.kind = of.kind;
    mail.locale = row.text(0, 2);
    mail.link = link_of(use, of.kind, token);
    mail.variables = {json::object().add(to_parent ? "child" : "name", row.text(0, 3)).text()};
    mail.expires_at = parse_instant(row.text(0, 4)).value_or(of.why.at);
    co_await publish_mail(use, mail, token, of.why);
}

bool away(const services& use) { return !use.database.available() || !use.out.available(); }
problem away_problem() { return problem_of(make_error_code(postgres::errc::unavailable)); }

handled asked_for() { return success(202, R"({"sent":true})"); }

awaitable<handled> ask_parent(exchange& of) {
    if (away(of.use)) co_return away_problem();
    if (!of.caller->pending) co_return problem{409, "NO_CONSENT_NEEDED", "this account needs no parent's consent"};
    send_link(of, of.caller->id, {}, to_parents);
    co_return asked_for();
}

awaitable<handled> ask_verification(exchange& of) {
    if (away(of.use)) co_return away_problem();
    send_link(of, of.caller->id, {}, "verify_email");
    co_return asked_for();
}

awaitable<handled> ask_for(exchange& of, std::string_view kind) {
    if (away(of.use)) co_return away_problem();
    send_link(of, std::nullopt, std::string(of.json()["email"].string().value_or("")), kind);
    co_return asked_for();
}
awaitable<handled> forgot_password(exchange& of) { return ask_for(of, "reset_password"); }
awaitable<handled> magic_link(exchange& of) { return ask_for(of, "magic_link"); }

struct taken {
    user_id user;
    std::string email, role, ended;
};

awaitable<std::variant<taken, problem>> take(
    exchange& of, std::string_view kind, std::optional<std::string> password_hash) {
    const auto body = of.json();
    const auto code = body["code"].string();
    postgres::transaction use_up;
    use_up.statements.push_back(sql::bind(
        "email_links.take", {{"hash", digest::sha256_hex(body["token"].string().value_or(""))}, {"kind", kind},
                                {"code", code ? std::optional(std::string(*code)) : std::nullopt},
                                {"password_hash", std::move(password_hash)}}));
    const auto rows = co_await of.use.database.run(std::move(use_up));
    if (!rows) co_return problem_of(rows.error());
    const auto& row = rows->front();
    const auto outcome = row.text(0, 0);
    if (outcome == "refused")
        if (auto refused = co_await check_standing(of.use, user_id::parse(row.text(0, 1)).value_or(user_id{})))
            co_return std::move(*refused);
    if (outcome == "code") co_return problem{401, "TWO_FACTOR_REQUIRED", "a code of the second factor is needed"};
    if (outcome == "wrong_code") co_return problem{401, "WRONG_CODE", "this code is not right, or was used before"};
    if (outcome != "good") co_return problem{400, "LINK_INVALID", "this link was used, is too old, or is none of ours"};
    taken out{user_id::parse(row.text(0, 1)).value_or(user_id{}), std::string(row.text(0, 2)),
        std::string(row.text(0, 3)), std::string(row.text(0, 4))};
    co_await of.use.kept.changed(out.user);
    co_return out;
}

awaitable<handled> verify_email(exchange& of) {
    auto got = co_await take(of, "verify_email", std::nullopt);
    if (auto* wrong = std::get_if<problem>(&got)) co_return std::move(*wrong);
    co_return success(200, R"({"verified":true})");
}

awaitable<handled> reset_password(exchange& of) {
    const auto hash =
        co_await of.use.hashing.hash(secret(std::string(of.json()["new_password"].string().value_or(""))));
    if (!hash) co_return problem_of(hash.error());
    auto got = co_await take(of, "reset_password", *hash);
    if (auto* wrong = std::get_if<problem>(&got)) co_return std::move(*wrong);
    const auto& done = std::get<taken>(got);
    const auto ended = co_await tell_sessions_ended(of.use, done.ended);
    postgres::transaction tell;
    tell.caller = done.user;
    tell.statements.push_back(sql::bind("activity.add", {{"action", "password.changed"}}));
    co_await of.use.database.run(std::move(tell));
    send_notice(of, done.user, "password_changed", {{"time", to_text(of.in.arrived)}});
    log::info("auth.password_reset", {{"user_id", done.user.text()}, {"sessions_ended", ended}});
    co_return success(200, json::object().add("changed", true).add("sessions_ended", ended).text());
}

awaitable<handled> magic_login(exchange& of) {
    auto got = co_await take(of, "magic_link", std::nullopt);
    if (auto* wrong = std::get_if<problem>(&got)) co_return std::move(*wrong);
    auto& done = std::get<taken>(got);
    co_return co_await open_session(of, done.user, std::move(done.email), std::move(done.role), 200);
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/auth/verify-email/request",
        .name = "email_links.ask_verification",
        .who = access::session,
        .group = "auth",
        .run = ask_verification,
        .body_limit = small_body,
        .answers = "MailSent",
        .status = 202,
        .about = "Send the verification mail again"},
    route{.method = verb::post,
        .path = "/auth/verify-email",
        .name = "email_links.verify",
        .who = access::anyone,
        .group = "auth",
        .run = verify_email,
        .body_limit = small_body,
        .body = "LinkToken",
        .answers = "EmailVerified",
        .about = "Verify the address with the link's token"},
    route{.method = verb::post,
        .path = "/auth/parental-consent/request",
        .name = "parental_consent.request",
        .who = access::session,
        .group = "auth",
        .run = ask_parent,
        .body_limit = small_body,
        .answers = "MailSent",
        .status = 202,
        .also = "409",
        .about = "Send the mail to the parent again",
        .pending = true},
    route{.method = verb::post,
        .path = "/auth/forgot-password",
        .name = "email_links.forgot_password",
        .who = access::anyone,
        .group = "auth",
        .run = forgot_password,
        .body_limit = small_body,
        .body = "EmailOnly",
        .answers = "MailSent",
        .status = 202,
        .about = "Send a link for a new password; the answer is the same for every address"},
    route{.method = verb::post,
        .path = "/auth/reset-password",
        .name = "email_links.reset_password",
        .who = access::anyone,
        .group = "auth",
        .run = reset_password,
        .body_limit = small_body,
        .body = "PasswordReset",
        .answers = "PasswordChanged",
        .about = "A new password with the link's token; every session ends"},
    route{.method = verb::post,
        .path = "/auth/magic-link",
        .name = "email_links.magic_link",
        .who = access::anyone,
        .group = "auth",
        .run = magic_link,
        .body_limit = small_body,
        .body = "EmailOnly",
        .answers = "MailSent",
        .status = 202,
        .about = "Send a link to sign in with; the answer is the same for every address"},
    route{.method = verb::post,
        .path = "/auth/magic-link/login",
        .name = "email_links.magic_login",
        .who = access::anyone,
        .group = "auth",
        .run = magic_login,
        .body_limit = small_body,
        .body = "LinkToken",
        .answers = "Tokens",
        .also = "401",
        .about = "Sign in with the link's token, and a code where the second factor is on"},
};

}  // namespace

std::string link_of(const services& use, std::string_view kind, std::string_view token) {
    return use.options.public_url + "/?" + std::string(kind) + "=" + std::string(token);
}

awaitable<> publish_mail(services& use, const events::email_requested& mail, std::string_view token, const cause& why) {
    const auto id = event_id::of(mail.user.value, "email/" + digest::sha256_hex(token));
    std::vector<events::outgoing> out;
    out.push_back(events::envelope(mail, {id, "/airi/gateway", why.at, why.traceparent, why.request_id}));
    if (const auto sent = co_await use.out.publish(std::move(out)); !sent)
        log::error(
            "email.not_sent", {{"kind", mail.kind}, {"user_id", mail.user.text()}, {"error", sent.error().message()}});
}

void send_link(exchange& of, std::optional<user_id> user, std::string email, std::string_view kind) {
    wish asked{user, std::move(email), std::string(kind), {of.in.traceparent, of.in.id, of.in.arrived}};
    boost::asio::co_spawn(of.use.on, send(of.use, std::move(asked)), boost::asio::detached);
}

void send_notice(exchange& of, user_id user, std::string_view kind,
    std::vector<std::pair<std::string_view, std::string>> variables) {
    json::object all;
    for (const auto& [name, value] : variables) all.add(name, value);
    wish asked{user, {}, std::string(kind), {of.in.traceparent, of.in.id, of.in.arrived}, all.text()};
    boost::asio::co_spawn(of.use.on, notify(of.use, std::move(asked)), boost::asio::detached);
}

const std::span<const route> email_links{rows};

}  // namespace airi::gateway::routes
