// Signing in with identity providers, and the identities of an account.
#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/oauth_flow.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/base/percent.hpp"
#include "platform/base/split.hpp"
#include "platform/crypto/digest.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::string_view form_media = "application/x-www-form-urlencoded";

awaitable<route_result> start(exchange& exchange) {
    return start_oauth(exchange.services, exchange.path.front(), std::nullopt);
}
awaitable<route_result> start_link(exchange& exchange) {
    return start_oauth(exchange.services, exchange.path.front(), exchange.caller->id);
}

// Sends the browser to the page, which holds the binding, with the fields of a provider's response. The path names the
// provider; a name in the response is ignored.
awaitable<route_result> redirect_to_page(exchange& exchange, std::string query) {
    const auto rows = co_await postgres::run_one(
        exchange.services.database, std::nullopt, sql::bind("oauth.issuer", {{"name", exchange.path.front()}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty()) co_return not_found("identity provider");
    query += "&" + form_encoded({{"iss", rows->text(0, 0)}});
    response out;
    out.status = 303;
    out.headers = {{"Location", with_query(exchange.services.options.oauth_redirect_url, query)}};
    co_return answer(std::move(out));
}

// The response of a provider whose redirect URI this is.
awaitable<route_result> pass_on_query(exchange& exchange) {
    std::string query;
    for (const auto* name : {"state", "code", "error"})
        if (const auto value = exchange.request.parameter(name))
            query.append(query.empty() ? "" : "&").append(form_encoded({{name, *value}}));
    if (!query.starts_with("state=")) co_return bad_request("the query must have a state");
    co_return co_await redirect_to_page(exchange, std::move(query));
}

// Providers that answer by form (Apple). The fields are passed on as they are encoded.
awaitable<route_result> pass_on_form(exchange& exchange) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~*%+=";
    std::string query;
    bool has_state = false;
    for (const auto field : split(exchange.request.body, '&')) {
        const auto name = field.substr(0, field.find('='));
        if (name != "state" && name != "code" && name != "error") continue;
        if (field.find_first_not_of(plain) != field.npos)
            co_return bad_request("the form must be application/x-www-form-urlencoded");
        has_state = has_state || name == "state";
        query.append(query.empty() ? "" : "&").append(field);
    }
    if (!has_state) co_return bad_request("the form must have a state");
    co_return co_await redirect_to_page(exchange, std::move(query));
}

oauth_answer read_answer(const exchange& exchange, postgres::bound present, std::string binding_hash) {
    const auto consents = exchange.json()["consents"];
    return {exchange.caller ? std::optional(exchange.caller->id) : std::nullopt, std::move(present),
        std::move(binding_hash), exchange.optional_text("second_factor"), exchange.optional_text("birth_date"),
        exchange.optional_text("parent_email"), consents.exists() ? consents.text() : std::string("[]")};
}

oauth_answer read_code(const exchange& exchange) {
    auto binding_hash = digest::sha256_hex(exchange.text("binding"));
    auto present = sql::bind(
        "oauth.present", {{"state_hash", digest::sha256_hex(exchange.text("state"))}, {"binding_hash", binding_hash},
                             {"code", exchange.text("code")}, {"issuer", exchange.optional_text("iss")},
                             {"links", exchange.caller != nullptr}});
    return read_answer(exchange, std::move(present), std::move(binding_hash));
}

// The nonce binds the flow: only the client that asked the provider for the token knows it.
oauth_answer read_id_token(const exchange& exchange) {
    const auto token = exchange.text("id_token");
    auto nonce_hash = digest::sha256_hex(exchange.text("nonce"));
    auto present = sql::bind("oauth.present_token",
        {{"id", uuid::v7()}, {"provider", exchange.path.front()}, {"token_hash", digest::sha256_hex(token)},
            {"binding_hash", nonce_hash}, {"token", token}});
    return read_answer(exchange, std::move(present), std::move(nonce_hash));
}

awaitable<route_result> sign_in(exchange& exchange, oauth_answer given) {
    const auto& request = exchange.request;
    auto& services = exchange.services;
    auto parent_email = given.parent_email.value_or("");
    auto got = co_await finish_oauth(services, request, std::move(given));
    if (auto* refused = std::get_if<problem>(&got)) co_return std::move(*refused);
    auto& found = std::get<oauth_user>(got);
    if (found.user.is_new) wake_relay(services);  // the welcome
    if (found.awaits_consent)
        co_await send_link(services, request, found.user.id, std::move(parent_email), "parental_consent");
    co_return co_await open_session(services, request, std::move(found.user), 200);
}

awaitable<route_result> callback(exchange& exchange) { return sign_in(exchange, read_code(exchange)); }
awaitable<route_result> id_token(exchange& exchange) { return sign_in(exchange, read_id_token(exchange)); }

awaitable<route_result> link(exchange& exchange) {
    auto got = co_await finish_oauth(exchange.services, exchange.request, read_code(exchange));
    if (auto* refused = std::get_if<problem>(&got)) co_return std::move(*refused);
    co_return success(201, std::get<oauth_user>(got).identity);
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/auth/oauth",
        .name = "oauth.providers",
        .access = access::anyone,
        .response = "IdentityProvider[]",
        .summary = "List the available identity providers"},
    route{.method = verb::post,
        .path = "/auth/oauth/callback",
        .name = "oauth.callback",
        .access = access::anyone,
        .rate_group = "auth",
        .handler = callback,
        .body_limit = text_body,
        .body = "OauthCallback",
        .response = "Tokens",
        .issues_tokens = true,
        .other_statuses = "401 403 409",
        .summary = "Complete a login with the provider's response; `binding` comes from the start of the login"},
    route{.method = verb::post,
        .path = "/auth/oauth/{provider}/start",
        .name = "oauth.start",
        .access = access::anyone,
        .handler = start,
        .body_limit = small_body,
        .body = "Empty",
        .response = "OauthStart",
        .summary = "Start a login: send the browser to authorization_url within ten minutes"},
    route{.method = verb::post,
        .path = "/auth/oauth/{provider}/link",
        .name = "oauth.start_link",
        .access = access::session,
        .fresh = true,
        .handler = start_link,
        .body_limit = small_body,
        .body = "Empty",
        .response = "OauthStart",
        .summary = "Start linking an identity; send the provider's response to POST /auth/identities",
        .proved = true},
    route{.method = verb::get,
        .path = "/auth/oauth/{provider}/return",
        .name = "oauth.return_query",
        .access = access::anyone,
        .handler = pass_on_query,
        .status = 303,
        .summary = "Receive a provider's response; redirects to the frontend, and names the provider as iss"},
    route{.method = verb::post,
        .path = "/auth/oauth/{provider}/return",
        .name = "oauth.return",
        .access = access::anyone,
        .unkeyed = "a provider sends it, and it changes nothing",
        .handler = pass_on_form,
        .body_limit = small_body,
        .media_types = form_media,
        .status = 303,
        .other_statuses = "411",
        .summary = "Receive a provider's form_post response; redirects to the frontend, and names the provider as iss"},
    route{.method = verb::post,
        .path = "/auth/oauth/{provider}/id-token",
        .name = "oauth.id_token",
        .access = access::anyone,
        .rate_group = "auth",
        .handler = id_token,
        .body_limit = 256 * 1024,
        .body = "OauthIdToken",
        .response = "Tokens",
        .issues_tokens = true,
        .other_statuses = "401 403 409",
        .summary = "Log in with an ID token obtained by an app with its own nonce; each token works once"},
    route{.method = verb::get,
        .path = "/auth/identities",
        .name = "oauth.list",
        .access = access::session,
        .response = "Identity[]",
        .summary = "List the caller's linked identities"},
    route{.method = verb::post,
        .path = "/auth/identities",
        .name = "oauth.link",
        .access = access::session,
        .fresh = true,
        .rate_group = "auth",
        .handler = link,
        .body_limit = text_body,
        .body = "IdentityLink",
        .response = "Identity",
        .status = 201,
        .other_statuses = "409",
        .summary = "Complete linking an identity with the provider's response",
        .proved = true},
    route{.method = verb::del,
        .path = "/auth/identities/{id}",
        .name = "oauth.unlink",
        .access = access::session,
        .fresh = true,
        .response = "Id",
        .other_statuses = "409",
        .summary = "Unlink an identity, unless it is the only way to log in"},
};

}  // namespace

extern const std::span<const route> oauth{rows};

}  // namespace airi::gateway::routes
