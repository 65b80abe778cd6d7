// Signing in with an identity provider, and the identities of an account. The provider itself is asked by the identity
// worker; here its answer is checked against what this client began, handed over, and judged in Postgres.
#include "events/oauth.hpp"
#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/authenticate.hpp"
#include "gateway/auth/issue_tokens.hpp"
#include "gateway/realtime/channel_wait.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/base/log.hpp"
#include "platform/base/percent.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr seconds batch_linger{10}, silence{2};
constexpr std::string_view form_media = "application/x-www-form-urlencoded";

std::string text_of(const exchange& exchange, std::string_view name) {
    return std::string(exchange.json()[name].string().value_or(""));
}
std::optional<std::string> optional_text(const exchange& exchange, std::string_view name) {
    const auto text = exchange.json()[name].string();
    return text ? std::optional(std::string(*text)) : std::nullopt;
}

awaitable<route_result> begin(exchange& exchange, bool links) {
    const auto state = random::token(), binding = random::token(), nonce = random::token(), verifier = random::token();
    const auto& provider = exchange.path.front();
    const auto& options = exchange.services.options;
    const auto form_redirect = options.api_url + "/api/v1/auth/oauth/" + percent_encoded(provider) + "/return";
    postgres::transaction start;
    if (exchange.caller) start.caller = exchange.caller->id;
    start.statements.push_back(sql::bind(
        "oauth.start", {{"id", uuid::v7()}, {"provider", provider}, {"state_hash", digest::sha256_hex(state)},
                           {"binding_hash", digest::sha256_hex(binding)}, {"nonce_hash", digest::sha256_hex(nonce)},
                           {"verifier", verifier}, {"redirect_uri", options.oauth_redirect_url},
                           {"form_redirect_uri", form_redirect}, {"links", links}}));
    const auto rows = co_await exchange.services.database.run(std::move(start));
    if (!rows) co_return problem_of(rows.error());
    const auto& row = rows->front();
    if (row.empty()) co_return not_found("identity provider");
    const auto scopes = row.text(0, 2);
    const bool by_form = row.text(0, 3) == "form_post";
    auto query = form_encoded({{"response_type", "code"}, {"client_id", row.text(0, 0)},
        {"redirect_uri", by_form ? form_redirect : options.oauth_redirect_url}, {"scope", scopes}, {"state", state},
        {"code_challenge", digest::base64url(digest::sha256(verifier))}, {"code_challenge_method", "S256"}});
    if (scopes.starts_with("openid")) query += "&" + form_encoded({{"nonce", nonce}});
    if (by_form) query += "&response_mode=form_post";
    co_return success(200, json::object()
                               .add("authorization_url", with_query(std::string(row.text(0, 1)), query))
                               .add("state", state)
                               .add("binding", binding)
                               .text());
}

awaitable<route_result> start(exchange& exchange) { return begin(exchange, false); }
awaitable<route_result> start_link(exchange& exchange) { return begin(exchange, true); }

// Answered by form, Apple's answer comes to us and not to the page, which holds the binding. Passed on as it is
// encoded.
awaitable<route_result> pass_on(exchange& exchange) {
    std::string query;
    bool whole = false;
    std::string_view rest = exchange.request.body;
    while (!rest.empty()) {
        const auto one = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), one.size() + 1));
        const auto name = one.substr(0, one.find('='));
        if (name != "state" && name != "code" && name != "error" && name != "iss") continue;
        constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~*%+=";
        if (one.find_first_not_of(plain) != one.npos) co_return bad_request("the form is malformed");
        whole = whole || name == "state";
        query.append(query.empty() ? "" : "&").append(one);
    }
    if (!whole) co_return bad_request("the form has no state");
    response out;
    out.status = 303;
    out.headers = {{"Location", with_query(exchange.services.options.oauth_redirect_url, query)}};
    co_return answer(std::move(out));
}

problem over() {
    return {400, "FLOW_INVALID", "this sign-in was used, is too old, or was not begun here; begin again"};
}

// What the outcomes other than `good` and `pending` are for the client.
problem refusal_of_outcome(std::string_view outcome) {
    if (outcome == "away")
        return {503, "PROVIDER_UNAVAILABLE", "the identity provider does not answer, try again", "null", 2};
    if (outcome == "refused")
        return {401, "IDENTITY_REFUSED", "the identity provider did not confirm who you are; begin again"};
    if (outcome == "code") return {401, "TWO_FACTOR_REQUIRED", "a code of the second factor is needed"};
    if (outcome == "wrong_code") return {401, "WRONG_CODE", "this code is not right, or was used before"};
    if (outcome == "taken")
        return {409, "EMAIL_TAKEN",
            "this address has an account already; log in there and link the provider in its settings"};
    if (outcome == "no_email")
        return {
            403, "EMAIL_UNVERIFIED", "the identity provider vouches for no e-mail address of yours; verify one there"};
    if (outcome == "taken_identity") return {409, "IDENTITY_TAKEN", "this identity belongs to another account"};
    if (outcome == "invalid") return over();
    return signup_fault(outcome);
}

struct flow {
    events::flow_id id;
    std::string provider, state, binding_hash;
};

// Hands the flow to the worker.
awaitable<result<>> ask_worker(exchange& exchange, const flow& what) {
    const auto id = event_id::of(what.id.value, "identity/requested");
    std::vector<events::outgoing> out;
    out.push_back(events::envelope(events::identity_requested{what.id, what.provider},
        {id, "/airi/gateway", exchange.request.arrived, exchange.request.traceparent, exchange.request.id}));
    co_return co_await exchange.services.publisher.publish(std::move(out));
}

struct concluded {
    std::string outcome, email, role, identity, made;
    std::optional<user_id> user;
};

awaitable<result<concluded>> look(exchange& exchange, const flow& what) {
    const auto consents = exchange.json()["consents"];
    postgres::transaction ask;
    if (exchange.caller) ask.caller = exchange.caller->id;
    ask.statements.push_back(sql::bind("oauth.conclude",
        {{"flow", what.id}, {"binding_hash", what.binding_hash}, {"new_user", uuid::v7()},
            {"code", optional_text(exchange, "second_factor")}, {"birth_date", optional_text(exchange, "birth_date")},
            {"parent_email", optional_text(exchange, "parent_email")},
            {"consents", consents.exists() ? consents.text() : std::string("[]")},
            {"address", exchange.request.address}}));
    const auto rows = co_await exchange.services.database.run(std::move(ask));
    if (!rows) co_return rows.error();
    const auto& row = rows->front();
    const auto text = [&](std::size_t column) { return std::string(row.text(0, column)); };
    co_return concluded{text(0), text(2), text(3), text(4), text(5), user_id::parse(row.text(0, 1))};
}

awaitable<result<concluded>> wait_for(exchange& exchange, const flow& what) {
    const auto deadline = std::chrono::steady_clock::now() + batch_linger;
    channel_wait done(exchange.services.channels, exchange.services.executor, events::channel_of(what.id));
    if (what.state != "known") {
        co_await done.subscribe();
        if (what.state == "presented")
            if (const auto sent = co_await ask_worker(exchange, what); !sent) co_return sent.error();
        co_await done.wait(silence);
    }
    while (true) {
        auto got = co_await look(exchange, what);
        if (!got || got->outcome != "pending" || std::chrono::steady_clock::now() >= deadline) co_return got;
        co_await done.wait(silence);
    }
}

// The flow that `present` or `present_token` gave, brought to its end.
awaitable<std::variant<concluded, problem>> conclude(
    exchange& exchange, postgres::transaction present, std::string binding_hash) {
    if (!exchange.services.publisher.available()) co_return problem_of(postgres::errc::unavailable);
    if (exchange.caller) present.caller = exchange.caller->id;
    const auto rows = co_await exchange.services.database.run(std::move(present));
    if (!rows) co_return problem_of(rows.error());
    const auto& row = rows->front();
    if (row.empty()) co_return over();
    const flow what{events::flow_id::parse(row.text(0, 0)).value_or(events::flow_id{}), std::string(row.text(0, 1)),
        std::string(row.text(0, 2)), std::move(binding_hash)};
    auto got = co_await wait_for(exchange, what);
    if (!got) co_return problem_of(got.error());
    if (got->outcome == "pending")
        co_return problem{503, "TRY_AGAIN", "this takes longer than it should, try again", "null", 1};
    if (got->outcome == "good") co_return std::move(*got);
    log::info(
        "auth.identity_refused", {{"flow_id", what.id.text()}, {"provider", what.provider}, {"why", got->outcome}});
    if (got->outcome == "suspended" || got->outcome == "deleted")
        if (auto refused = co_await check_standing(exchange.services, got->user.value_or(user_id{})))
            co_return std::move(*refused);
    if (got->outcome == "wrong_code")
        co_await record_login_attempt(exchange.services, exchange.request, got->email, got->user, "wrong_code");
    co_return refusal_of_outcome(got->outcome);
}

postgres::transaction presenting(const exchange& exchange, const std::string& binding_hash, bool links) {
    postgres::transaction out;
    out.statements.push_back(sql::bind("oauth.present",
        {{"state_hash", digest::sha256_hex(text_of(exchange, "state"))}, {"binding_hash", binding_hash},
            {"code", text_of(exchange, "code")}, {"issuer", optional_text(exchange, "iss")}, {"links", links}}));
    return out;
}

awaitable<route_result> sign_in(exchange& exchange, std::variant<concluded, problem> got) {
    if (auto* wrong = std::get_if<problem>(&got)) co_return std::move(*wrong);
    auto& who = std::get<concluded>(got);
    if (who.made == "pending") send_link(exchange.services, exchange.request, who.user, {}, "parental_consent");
    co_await record_login_attempt(exchange.services, exchange.request, who.email, who.user, "success");
    co_return co_await open_session(exchange.services, exchange.request, who.user.value_or(user_id{}),
        std::move(who.email), std::move(who.role), 200, !who.made.empty());
}

awaitable<route_result> callback(exchange& exchange) {
    auto binding_hash = digest::sha256_hex(text_of(exchange, "binding"));
    auto present = presenting(exchange, binding_hash, false);
    co_return co_await sign_in(exchange, co_await conclude(exchange, std::move(present), std::move(binding_hash)));
}

awaitable<route_result> link(exchange& exchange) {
    auto binding_hash = digest::sha256_hex(text_of(exchange, "binding"));
    auto present = presenting(exchange, binding_hash, true);
    auto got = co_await conclude(exchange, std::move(present), std::move(binding_hash));
    if (auto* wrong = std::get_if<problem>(&got)) co_return std::move(*wrong);
    log::info("auth.identity_linked", {{"user_id", exchange.caller->id.text()}});
    co_return success(201, std::get<concluded>(got).identity);
}

// Who shows the token's nonce is who asked for the token, so it binds the flow.
awaitable<route_result> id_token(exchange& exchange) {
    const auto token = text_of(exchange, "id_token");
    auto nonce_hash = digest::sha256_hex(text_of(exchange, "nonce"));
    postgres::transaction present;
    present.statements.push_back(sql::bind("oauth.present_token",
        {{"id", uuid::v7()}, {"provider", exchange.path.front()}, {"token_hash", digest::sha256_hex(token)},
            {"binding_hash", nonce_hash}, {"token", token}}));
    co_return co_await sign_in(exchange, co_await conclude(exchange, std::move(present), std::move(nonce_hash)));
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/auth/oauth",
        .name = "oauth.providers",
        .who = access::anyone,
        .answers = "IdentityProvider[]",
        .about = "The identity providers that can be used now"},
    route{.method = verb::post,
        .path = "/auth/oauth/callback",
        .name = "oauth.callback",
        .who = access::anyone,
        .group = "auth",
        .run = callback,
        .body_limit = small_body,
        .body = "OauthCallback",
        .answers = "Tokens",
        .also = "401 403 409",
        .about = "Sign in with what the provider sent back; `binding` is what starting gave to this client alone"},
    route{.method = verb::post,
        .path = "/auth/oauth/{provider}/start",
        .name = "oauth.start",
        .who = access::anyone,
        .run = start,
        .body_limit = small_body,
        .answers = "OauthStart",
        .about = "Begin to sign in: the browser goes to authorization_url; ten minutes"},
    route{.method = verb::post,
        .path = "/auth/oauth/{provider}/link",
        .name = "oauth.start_link",
        .who = access::session,
        .run = start_link,
        .body_limit = small_body,
        .answers = "OauthStart",
        .about = "Begin to link an identity; what comes back goes to POST /auth/identities"},
    route{.method = verb::post,
        .path = "/auth/oauth/{provider}/return",
        .name = "oauth.return",
        .who = access::anyone,
        .run = pass_on,
        .body_limit = small_body,
        .takes = form_media,
        .status = 303,
        .also = "411",
        .about = "Where providers send their answer by form; leads back to the page"},
    route{.method = verb::post,
        .path = "/auth/oauth/{provider}/id-token",
        .name = "oauth.id_token",
        .who = access::anyone,
        .group = "auth",
        .run = id_token,
        .body_limit = 24 * 1024,
        .body = "OauthIdToken",
        .answers = "Tokens",
        .also = "401 403 409",
        .about = "Sign in with an ID token that an app got itself, for a nonce of its own; each token once"},
    route{.method = verb::get,
        .path = "/auth/identities",
        .name = "oauth.list",
        .who = access::session,
        .answers = "Identity[]",
        .about = "The identities that sign the caller in"},
    route{.method = verb::post,
        .path = "/auth/identities",
        .name = "oauth.link",
        .who = access::session,
        .group = "auth",
        .run = link,
        .body_limit = small_body,
        .body = "IdentityLink",
        .answers = "Identity",
        .status = 201,
        .also = "409",
        .about = "Link the identity that the provider confirmed"},
    route{.method = verb::del,
        .path = "/auth/identities/{id}",
        .name = "oauth.unlink",
        .who = access::session,
        .answers = "Id",
        .also = "409",
        .about = "Take an identity away, unless it is the only way to sign in"},
};

}  // namespace

const std::span<const route> identity{rows};

}  // namespace airi::gateway::routes
