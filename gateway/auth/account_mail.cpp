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

struct wish {
    std::optional<user_id> user;
    std::string email, kind;
    cause why;
    std::string variables = {};  // of a notice, JSON
};

int minutes_of(std::string_view kind) { return kind == "verify_email" ? 24 * 60 : kind == "reset_password" ? 60 : 15; }

constexpr std::chrono::hours notice_life{24};

awaitable<> notify(services& services, wish of) {
    postgres::transaction ask;
    ask.caller = *of.user;
    ask.statements.push_back(sql::bind("email_links.recipient", {}));
    const auto rows = co_await services.database.run(std::move(ask));
    if (!rows || rows->front().empty()) co_return;
    const auto& row = rows->front();
    events::email_requested mail;
    mail.user = *of.user;
    mail.to = row.text(0, 0);
    mail.kind = of.kind;
    mail.locale = row.text(0, 1);
    mail.link = services.options.public_url + "/";
    of.variables.insert(1, "\"name\":" + json::quoted(row.text(0, 2)) + ",");
    mail.variables = {of.variables};
    mail.expires_at = of.why.at + notice_life;
    co_await publish_mail(services, mail, random::token(), of.why);
}

awaitable<> send(services& services, wish of) {
    const auto token = random::token();
    const bool to_parent = of.kind == to_parents;
    const auto hash = digest::sha256_hex(token);
    postgres::transaction make;
    make.statements.push_back(
        to_parent ? sql::bind("consents.parent_link", {{"user", of.user}, {"hash", hash}})
                  : sql::bind("email_links.create", {{"user", of.user}, {"email", of.email}, {"kind", of.kind},
                                                        {"hash", hash}, {"minutes", minutes_of(of.kind)}}));
    const auto rows = co_await services.database.run(std::move(make));
    if (!rows || rows->front().empty()) co_return;
    const auto& row = rows->front();
    events::email_requested mail;
    mail.user = user_id::parse(row.text(0, 0)).value_or(user_id{});
    mail.to = row.text(0, 1);
    mail.kind = of.kind;
    mail.locale = row.text(0, 2);
    mail.link = link_of(services, of.kind, token);
    mail.variables = {json::object().add(to_parent ? "child" : "name", row.text(0, 3)).text()};
    mail.expires_at = parse_instant(row.text(0, 4)).value_or(of.why.at);
    co_await publish_mail(services, mail, token, of.why);
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
    wish asked{user, std::move(email), std::string(kind), {request.traceparent, request.id, request.arrived}};
    boost::asio::co_spawn(services.executor, send(services, std::move(asked)), boost::asio::detached);
}

void send_notice(services& services, const request& request, user_id user, std::string_view kind,
    std::vector<std::pair<std::string_view, std::string>> variables) {
    json::object all;
    for (const auto& [name, value] : variables) all.add(name, value);
    wish asked{user, {}, std::string(kind), {request.traceparent, request.id, request.arrived}, all.text()};
    boost::asio::co_spawn(services.executor, notify(services, std::move(asked)), boost::asio::detached);
}

}  // namespace airi::gateway
