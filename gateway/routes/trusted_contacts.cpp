// The caller's trusted contacts, the contacts' answers, which need no account, and the notices to them.
#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/personal_data.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/outbox.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

std::string open_contacts(exchange& exchange, json::value data) {
    const auto& caller = *exchange.caller;
    json::array out;
    data.each([&](json::value contact) { out.add_raw(with_addresses(contact, caller.key.get(), caller.id)); });
    return out.text();
}

awaitable<route_result> add(exchange& exchange) {
    const auto& request = exchange.request;
    const auto& caller = exchange.caller->id;
    const auto& user_key = exchange.caller->key;
    if (!user_key) co_return problem_of(make_error_code(seal::errc::unknown_master));
    auto phone = exchange.optional_text("phone");
    if (phone && !(phone = read_phone(*phone)))
        co_return invalid("/phone", "phone must be a number with its country code, as +14155550123");
    const auto id = exchange.new_id<event_id>().value;
    const auto token = random::token();
    const auto event = event_id::fresh();
    const auto link = mail_link(exchange.services.options.api_url + "/crisis/contacts/confirm", token);
    const auto parent = co_await find_parent(exchange.services, *exchange.caller);
    if (!parent) co_return problem_of(parent.error());
    std::vector<sql::argument> arguments{{"id", id}, {"body", exchange.body_text()},
        {"sealed", seal_contact(exchange.services, caller, *user_key, event, phone, exchange.optional_text("email"))},
        {"parent_email", *parent}, {"hash", digest::sha256_hex(token)},
        {"link", seal_link(exchange.services, event, link)}};
    add_origin(arguments, event, request.trace());
    const auto rows = co_await postgres::run_one(
        exchange.services.database, caller, sql::bind(sql::statement("trusted_contacts.add"), arguments));
    if (!rows) co_return problem_of(rows.error());
    if (auto refused = refusal_of(rows->text(0, 0))) co_return std::move(*refused);
    wake_relay(exchange.services);
    const auto contact = json::document::parse(rows->text(0, 0));
    if (!contact) co_return problem_of(contact.error());
    co_return success(201, with_addresses(contact->root(), user_key.get(), caller));
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/crisis/contacts",
        .name = "trusted_contacts.list",
        .access = access::session,
        .response = "TrustedContact[]",
        .summary = "List the caller's trusted contacts",
        .opens = open_contacts},
    route{.method = verb::post,
        .path = "/crisis/contacts",
        .name = "trusted_contacts.add",
        .access = access::session,
        .handler = add,
        .body_limit = small_body,
        .body = "TrustedContactNew",
        .response = "TrustedContact",
        .status = 201,
        .other_statuses = "409",
        .summary = "Add a trusted contact, who is invited and has to accept",
        .proved = true},
    route{.method = verb::del,
        .path = "/crisis/contacts/{id}",
        .name = "trusted_contacts.remove",
        .access = access::session,
        .response = "Id",
        .summary = "Remove a trusted contact"},
    route{.method = verb::post,
        .path = "/crisis/contacts/confirm/details",
        .name = "trusted_contacts.details",
        .access = access::anyone,
        .body_limit = small_body,
        .body = "TokenOnly",
        .response = "TrustedContactAsked",
        .other_statuses = "404",
        .summary = "Get what the link's contact is asked, and their answer so far"},
    route{.method = verb::post,
        .path = "/crisis/contacts/confirm",
        .name = "trusted_contacts.answer",
        .access = access::anyone,
        .body_limit = small_body,
        .body = "TrustedContactAnswer",
        .response = "TrustedContactAsked",
        .other_statuses = "404",
        .summary = "Accept or decline to be a trusted contact; the answer may change at any time"},
    route{.method = verb::post,
        .path = "/crisis/notices/{id}/cancel",
        .name = "trusted_contacts.cancel_notice",
        .access = access::session,
        .rate_group = "crisis",
        .body_limit = small_body,
        .body = "Empty",
        .response = "CrisisNotice",
        .other_statuses = "409",
        .summary = "Cancel a notice to the caller's trusted contacts before it is sent"},
};

}  // namespace

extern const std::span<const route> trusted_contacts{rows};

}  // namespace airi::gateway::routes
