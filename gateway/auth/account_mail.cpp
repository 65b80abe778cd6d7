#include "gateway/auth/account_mail.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

constexpr std::string_view to_parents = "parental_consent";
constexpr std::chrono::hours notice_life{24};

struct link_order {
    std::optional<user_id> user;
    std::string email, kind;
    cause why;
};

struct notice_order {
    user_id user;
    std::string kind;
    cause why;
    std::vector<std::pair<std::string, std::string>> variables;
};

int minutes_of(std::string_view kind) { return kind == "verify_email" ? 24 * 60 : kind == "reset_password" ? 60 : 15; }

awaitable<> send_notice_to(services& services, notice_order order) {
    const auto rows = co_await postgres::run_one(services.database, order.user, sql::bind("email_links.recipient", {}));
    if (!rows || rows->empty()) co_return;
    auto [to, locale, name] = rows->read<std::string, std::string, std::string>(0);
    json::object variables;
    variables.add("name", name);
    for (const auto& [key, value] : order.variables) variables.add(key, value);
    events::email_requested mail;
    mail.user = order.user;
    mail.to = std::move(to);
    mail.kind = std::move(order.kind);
    mail.locale = std::move(locale);
    mail.link = services.options.public_url + "/";
    mail.variables = {variables.text()};
    mail.expires_at = order.why.at + notice_life;
    co_await publish_mail(services, mail, random::token(), order.why);
}

awaitable<> send_link_to(services& services, link_order order) {
    const auto token = random::token(), hash = digest::sha256_hex(token);
    const bool to_parent = order.kind == to_parents;
    auto create =
        to_parent ? sql::bind("consents.parent_link", {{"user", order.user}, {"hash", hash}})
                  : sql::bind("email_links.create", {{"user", order.user}, {"email", order.email}, {"kind", order.kind},
                                                        {"hash", hash}, {"minutes", minutes_of(order.kind)}});
    const auto rows = co_await postgres::run_one(services.database, std::nullopt, std::move(create));
    if (!rows || rows->empty()) co_return;
    auto [user, to, locale, name, expires_at] =
        rows->read<user_id, std::string, std::string, std::string, std::string_view>(0);
    events::email_requested mail;
    mail.user = user;
    mail.to = std::move(to);
    mail.kind = order.kind;
    mail.locale = std::move(locale);
    mail.link = link_of(services, order.kind, token);
    mail.variables = {json::object().add(to_parent ? "child" : "name", name).text()};
    mail.expires_at = parse_instant(expires_at).value_or(order.why.at);
    co_await publish_mail(services, mail, token, order.why);
}

}  // namespace

std::string link_of(const services& services, std::string_view kind, std::string_view token) {
    return services.options.public_url + "/?" + std::string(kind) + "=" + std::string(token);
}

awaitable<> publish_mail(
    services& services, const events::email_requested& mail, std::string_view token, const cause& why) {
    const auto id = event_id::of(mail.user.value, "email/" + digest::sha256_hex(token));
    std::vector<events::outgoing> out;
    out.push_back(events::envelope(mail, {id, "/airi/gateway", why.at, why.traceparent, why.request_id}));
    if (const auto sent = co_await services.publisher.publish(std::move(out)); !sent)
        log::error(
            "email.not_sent", {{"kind", mail.kind}, {"user_id", mail.user.text()}, {"error", sent.error().message()}});
}

void send_link(
    services& services, const request& request, std::optional<user_id> user, std::string email, std::string_view kind) {
    link_order order{user, std::move(email), std::string(kind), cause::of(request)};
    boost::asio::co_spawn(services.executor, send_link_to(services, std::move(order)), boost::asio::detached);
}

std::optional<problem> check_mail(const services& services) {
    if (services.database.available() && services.publisher.available()) return std::nullopt;
    return problem_of(make_error_code(postgres::errc::unavailable));
}

route_result request_link(
    services& services, const request& request, std::optional<user_id> user, std::string email, std::string_view kind) {
    if (auto refused = check_mail(services)) return std::move(*refused);
    send_link(services, request, user, std::move(email), kind);
    return success(202, R"({"sent":true})");
}

void send_notice(
    services& services, const request& request, user_id user, std::string_view kind, mail_variables variables) {
    notice_order order{user, std::string(kind), cause::of(request), {variables.begin(), variables.end()}};
    boost::asio::co_spawn(services.executor, send_notice_to(services, std::move(order)), boost::asio::detached);
}

}  // namespace airi::gateway
