#include "gateway/auth/account_mail.hpp"

#include <chrono>

#include "events/email.hpp"
#include "gateway/auth/cookies.hpp"
#include "gateway/auth/personal_data.hpp"
#include "platform/base/log.hpp"
#include "platform/base/sleep.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"

namespace airi::gateway {
namespace {

constexpr std::string_view to_parents = "parental_consent";

// After which a request for a link is answered. The work for an address that has an account is done long before.
constexpr milliseconds answer_time{150};

}  // namespace

std::string mail_link(std::string page, std::string_view fragment) {
    if (!fragment.empty()) page.append("#").append(fragment);
    return page;
}

std::string seal_link(const services& services, const event_id& id, std::string_view link) {
    return seal::seal(services.links, link, events::place_of_link(id.text()));
}

std::string seal_recipient(const services& services, const event_id& id, std::string_view address) {
    return seal::seal(services.links, address, events::place_of_recipient(id.text()));
}

postgres::bound bind_link(const services& services, std::string_view statement, std::vector<sql::argument> arguments,
    std::string_view kind, const request_trace& trace, const std::optional<std::string>& stranger) {
    const auto token = random::token();
    const auto id = event_id::fresh();
    arguments.emplace_back("hash", digest::sha256_hex(token));
    const auto link = mail_link(services.options.public_url + "/", std::string(kind) + "=" + token);
    arguments.emplace_back("link", seal_link(services, id, link));
    if (stranger) arguments.emplace_back("to", seal_recipient(services, id, *stranger));
    add_origin(arguments, id, trace);
    return sql::bind(sql::statement(statement), arguments);
}

postgres::bound link_statement(const services& services, const request& request, std::optional<user_id> user,
    std::string email, std::string_view kind, const std::optional<std::string>& binding_hash) {
    if (kind == to_parents)
        return bind_link(services, "consents.parent_link",
            {{"user", user}, {"recipient", recipient_of(services, "parent", email)}}, kind, request.trace(), email);
    return bind_link(services, "email_links.create",
        {{"user", user}, {"email", std::move(email)}, {"kind", kind}, {"binding_hash", binding_hash},
            {"device", device_of(services.options, request)}, {"address", request.address},
            {"user_agent", request.header("user-agent")}},
        kind, request.trace());
}

awaitable<std::optional<problem>> send_link(services& services, const request& request, std::optional<user_id> user,
    std::string email, std::string_view kind, const std::optional<std::string>& binding_hash) {
    const auto begun = std::chrono::steady_clock::now();
    const auto rows = co_await postgres::run_one(
        services.database, std::nullopt, link_statement(services, request, user, std::move(email), kind, binding_hash));
    if (!rows) {
        log::error("email.not_requested", {{"kind", kind}, {"error", rows.error().message()}});
        co_return problem_of(rows.error());
    }
    if (!rows->empty()) wake_relay(services);
    const auto left = begun + answer_time - std::chrono::steady_clock::now();
    co_await sleep(std::chrono::ceil<milliseconds>(left));
    co_return std::nullopt;
}

awaitable<route_result> request_link(
    services& services, const request& request, std::optional<user_id> user, std::string email, std::string_view kind) {
    if (auto refused = co_await send_link(services, request, user, std::move(email), kind))
        co_return std::move(*refused);
    co_return success(202, R"({"sent":true})");
}

postgres::bound bind_notice(const services& services, std::string_view statement, std::vector<sql::argument> arguments,
    const request& request) {
    arguments.emplace_back("link", mail_link(services.options.public_url + "/", {}));
    arguments.emplace_back("time", request.arrived);
    add_origin(arguments, event_id::fresh(), request.trace());
    return sql::bind(sql::statement(statement), arguments);
}

}  // namespace airi::gateway
