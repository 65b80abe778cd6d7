#include "gateway/auth/account_mail.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "events/email.hpp"
#include "gateway/auth/personal_data.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"

namespace airi::gateway {
namespace {

constexpr std::string_view to_parents = "parental_consent";

awaitable<> run_link(services& services, postgres::bound statement, std::string kind) {
    const auto rows = co_await postgres::run_one(services.database, std::nullopt, std::move(statement));
    if (!rows)
        log::error("email.not_requested", {{"kind", kind}, {"error", rows.error().message()}});
    else if (!rows->empty())
        wake_relay(services);
}

}  // namespace

std::string mail_link(std::string page, std::string_view fragment) {
    if (!fragment.empty()) page.append("#").append(fragment);
    return page;
}

std::string seal_link(const services& services, const event_id& id, std::string_view link) {
    return seal::seal(services.links, link, events::place_of_link(id.text()));
}

postgres::bound bind_link(const services& services, std::string_view statement, std::vector<sql::argument> arguments,
    std::string_view kind, const request_trace& trace) {
    const auto token = random::token();
    const auto id = event_id::fresh();
    arguments.emplace_back("hash", digest::sha256_hex(token));
    const auto link = mail_link(services.options.public_url + "/", std::string(kind) + "=" + token);
    arguments.emplace_back("link", seal_link(services, id, link));
    add_origin(arguments, id, trace);
    return sql::bind(sql::statement(statement), arguments);
}

postgres::bound link_statement(const services& services, std::optional<user_id> user, std::string email,
    std::string_view kind, const request_trace& trace, const std::optional<std::string>& binding_hash) {
    if (kind == to_parents)
        return bind_link(services, "consents.parent_link",
            {{"user", user}, {"recipient", recipient_of(services, email)}, {"parent_email", std::move(email)}}, kind,
            trace);
    return bind_link(services, "email_links.create",
        {{"user", user}, {"email", std::move(email)}, {"kind", kind}, {"binding_hash", binding_hash}}, kind, trace);
}

void send_link(services& services, const request& request, std::optional<user_id> user, std::string email,
    std::string_view kind, const std::optional<std::string>& binding_hash) {
    auto statement = link_statement(services, user, std::move(email), kind, request.trace(), binding_hash);
    boost::asio::co_spawn(
        services.executor, run_link(services, std::move(statement), std::string(kind)), boost::asio::detached);
}

route_result request_link(
    services& services, const request& request, std::optional<user_id> user, std::string email, std::string_view kind) {
    if (!services.database.available()) return problem_of(postgres::errc::unavailable);
    send_link(services, request, user, std::move(email), kind);
    return success(202, R"({"sent":true})");
}

postgres::bound bind_notice(const services& services, std::string_view statement, std::vector<sql::argument> arguments,
    const request& request) {
    arguments.emplace_back("link", mail_link(services.options.public_url + "/", {}));
    arguments.emplace_back("time", request.arrived);
    add_origin(arguments, event_id::fresh(), request.trace());
    return sql::bind(sql::statement(statement), arguments);
}

}  // namespace airi::gateway
