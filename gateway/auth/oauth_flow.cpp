#include "gateway/auth/oauth_flow.hpp"

#include "events/envelope.hpp"
#include "events/frames/frame.hpp"
#include "events/oauth.hpp"
#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/auth_problems.hpp"
#include "gateway/auth/authenticate.hpp"
#include "gateway/auth/personal_data.hpp"
#include "gateway/auth/second_factor.hpp"
#include "gateway/auth/session_revocation.hpp"
#include "gateway/realtime/channel_wait.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/base/percent.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

constexpr seconds longest_wait{10}, poll_interval{2};

struct flow {
    events::flow_id id;
    std::string provider, state;
};

struct conclusion {
    std::string outcome, email, role, identity, created, ended;
    std::optional<user_id> user;
    bool second_factor = false;  ///< a code was verified
};

problem flow_invalid() {
    return {
        400, "FLOW_INVALID", "the login was already used, has expired or was started by another client; start again"};
}

// The problem for an outcome other than `good` and `pending`.
problem problem_of_outcome(std::string_view outcome) {
    if (outcome == "away")
        return {503, "PROVIDER_UNAVAILABLE", "the identity provider is not responding, try again", "null", 2};
    if (outcome == "refused")
        return {401, "IDENTITY_REFUSED", "the identity provider did not confirm your identity; start again"};
    if (outcome == "code") return two_factor_required();
    if (outcome == "wrong_code") return wrong_code(401);
    if (outcome == "taken")
        return {409, "EMAIL_TAKEN",
            "an account with this email address already exists; log in and link the provider in the settings"};
    if (outcome == "no_email")
        return {403, "EMAIL_UNVERIFIED",
            "the identity provider has no verified email address for you; verify one with the provider"};
    if (outcome == "taken_identity") return {409, "IDENTITY_TAKEN", "this identity belongs to another account"};
    if (outcome == "unproved") return email_not_verified();
    if (outcome == "invalid") return flow_invalid();
    return signup_problem(outcome);
}

awaitable<result<>> publish_to_worker(services& services, const request& request, const flow& flow) {
    const events::identity_requested event{flow.id, flow.provider};
    return publish_event(services.publisher, event, event_id::of(flow.id.value, "identity/requested"), request);
}

awaitable<result<conclusion>> conclude_with(services& services, const request& request, const oauth_answer& answer,
    const flow& flow, const std::optional<std::string>& claim) {
    const auto user = user_id::fresh();
    const auto rows = co_await postgres::run_one(services.database, answer.caller,
        sql::bind("oauth.conclude",
            {{"flow", flow.id}, {"binding_hash", answer.binding_hash}, {"new_user", user}, {"claim", claim},
                {"birth_date", answer.birth_date}, {"parent_email", answer.parent_email},
                {"sealed", seal_signup(services, user, answer.birth_date, answer.parent_email)},
                {"consents", answer.consents}, {"address", request.address},
                {"frontend", mail_link(services.options.public_url + "/", {})}}));
    if (!rows) co_return rows.error();
    const auto text = [&](std::size_t column) { return std::string(rows->text(0, column)); };
    co_return conclusion{
        text(0), text(2), text(3), text(4), text(5), text(6), rows->id<user_id>(0, 1), claim.has_value()};
}

// Only the flow says whose second factor it is.
awaitable<result<conclusion>> conclude(
    services& services, const request& request, const oauth_answer& answer, const flow& flow) {
    auto got = co_await conclude_with(services, request, answer, flow, std::nullopt);
    if (!got || got->outcome != "code" || !answer.second_factor || !got->user) co_return got;
    const auto claim = co_await claim_of_code(services, request, *got->user, *answer.second_factor);
    if (!claim) co_return claim.error();
    co_return co_await conclude_with(services, request, answer, flow, *claim);
}

// Listens for the worker's answer before asking for it. A missed answer is found by looking every two seconds.
awaitable<result<conclusion>> wait_for_conclusion(
    services& services, const request& request, const oauth_answer& answer, const flow& flow) {
    const auto deadline = std::chrono::steady_clock::now() + longest_wait;
    channel_wait done(services.channels, services.executor, events::channel_of(flow.id));
    if (flow.state != "known") {
        co_await done.subscribe();
        if (flow.state == "presented")
            if (const auto sent = co_await publish_to_worker(services, request, flow); !sent) co_return sent.error();
        co_await done.wait(poll_interval);
    }
    while (true) {
        auto got = co_await conclude(services, request, answer, flow);
        if (!got || got->outcome != "pending" || std::chrono::steady_clock::now() >= deadline) co_return got;
        co_await done.wait(poll_interval);
    }
}

awaitable<problem> refuse(services& services, const request& request, const conclusion& got) {
    if (got.outcome == "suspended" || got.outcome == "deleted")
        if (auto refused = co_await check_account_status(services, got.user.value_or(user_id{})))
            co_return std::move(*refused);
    co_return problem_of_outcome(got.outcome);
}

}  // namespace

awaitable<route_result> start_oauth(services& services, const std::string& provider, std::optional<user_id> caller) {
    const auto state = random::token(), binding = random::token(), nonce = random::token(), verifier = random::token();
    const auto& options = services.options;
    const auto own_redirect = options.api_url + "/api/v1/auth/oauth/" + percent_encoded(provider) + "/return";
    const auto rows = co_await postgres::run_one(services.database, caller,
        sql::bind(
            "oauth.start", {{"id", uuid::v7()}, {"provider", provider}, {"state_hash", digest::sha256_hex(state)},
                               {"binding_hash", digest::sha256_hex(binding)}, {"nonce_hash", digest::sha256_hex(nonce)},
                               {"verifier", verifier}, {"redirect_uri", options.oauth_redirect_url},
                               {"form_redirect_uri", own_redirect}, {"links", caller.has_value()}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty()) co_return not_found("identity provider");
    const auto [client_id, url, scopes, mode, sends_issuer] =
        rows->read<std::string_view, std::string, std::string_view, std::string_view, bool>(0);
    const bool by_form = mode == "form_post";
    // A provider that does not name itself in its response has a redirect URI of its own (RFC 9700 4.4).
    const auto& redirect = by_form || !sends_issuer ? own_redirect : options.oauth_redirect_url;
    auto query = form_encoded({{"response_type", "code"}, {"client_id", client_id}, {"redirect_uri", redirect},
        {"scope", scopes}, {"state", state}, {"code_challenge", digest::base64url(digest::sha256(verifier))},
        {"code_challenge_method", "S256"}});
    if (scopes.starts_with("openid")) query += "&" + form_encoded({{"nonce", nonce}});
    if (by_form) query += "&response_mode=form_post";
    co_return success(200, json::object()
                               .add("authorization_url", with_query(url, query))
                               .add("state", state)
                               .add("binding", binding)
                               .text());
}

awaitable<std::variant<oauth_user, problem>> finish_oauth(
    services& services, const request& request, oauth_answer answer) {
    if (!services.publisher.available()) co_return problem_of(postgres::errc::unavailable);
    const auto rows = co_await postgres::run_one(services.database, answer.caller, std::move(answer.present));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty()) co_return flow_invalid();
    const auto [id, provider, state] = rows->read<events::flow_id, std::string, std::string>(0);
    auto got = co_await wait_for_conclusion(services, request, answer, {id, provider, state});
    if (!got) co_return problem_of(got.error());
    if (got->outcome == "pending")
        co_return problem{503, "TRY_AGAIN", "the identity provider is taking too long, try again", "null", 1};
    if (got->outcome != "good") {
        log::info("auth.identity_refused", {{"flow_id", id.text()}, {"provider", provider}, {"why", got->outcome}});
        co_return co_await refuse(services, request, *got);
    }
    co_await publish_session_ends(services, std::move(got->ended));
    wake_relay(services);
    co_return oauth_user{{got->user.value_or(user_id{}), std::move(got->email), std::move(got->role),
                             !got->created.empty(), got->second_factor},
        std::move(got->identity), got->created == "pending"};
}

}  // namespace airi::gateway
