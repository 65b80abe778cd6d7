// The caller's consents, and a parent's consent to a child's account.
#include "gateway/auth/account_mail.hpp"
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

awaitable<route_result> request_parent(exchange& exchange) {
    if (!exchange.caller->pending)
        co_return problem{409, "NO_CONSENT_NEEDED", "this account does not need a parent's consent"};
    co_return request_link(exchange.services, exchange.request, exchange.caller->id, {}, "parental_consent");
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/auth/parental-consent/request",
        .name = "consents.ask_parent",
        .access = access::session,
        .rate_group = "auth",
        .handler = request_parent,
        .body_limit = small_body,
        .body = "Empty",
        .response = "MailSent",
        .status = 202,
        .other_statuses = "409",
        .summary = "Resend the consent email to the parent",
        .allows_pending = true},
    route{.method = verb::get,
        .path = "/users/consents",
        .name = "consents.list",
        .access = access::session,
        .response = "Consent[]",
        .summary = "List the caller's granted and withdrawn consents"},
    route{.method = verb::put,
        .path = "/users/consents",
        .name = "consents.give",
        .access = access::session,
        .body_limit = small_body,
        .body = "ConsentChange",
        .response = "Consent",
        .summary = "Grant or withdraw a consent; every change is recorded"},
    route{.method = verb::post,
        .path = "/auth/parental-consent/details",
        .name = "consents.parent_details",
        .access = access::anyone,
        .rate_group = "auth",
        .body_limit = small_body,
        .body = "TokenOnly",
        .response = "ParentAsked",
        .summary = "Get the parental consent request for the link's token"},
    route{.method = verb::post,
        .path = "/auth/parental-consent",
        .name = "consents.parent_answer",
        .access = access::anyone,
        .rate_group = "auth",
        .body_limit = small_body,
        .body = "ParentAnswer",
        .response = "ParentAnswered",
        .summary = "Record the parent's decision; the token works once"},
};

}  // namespace

extern const std::span<const route> consents{rows};

}  // namespace airi::gateway::routes
