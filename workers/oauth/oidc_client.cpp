#include "workers/oauth/oidc_client.hpp"

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/base/percent.hpp"
#include "platform/crypto/digest.hpp"

namespace airi::workers::oauth {
namespace {

constexpr std::size_t most_bytes = 256 * 1024;
constexpr seconds refresh_after{600}, retry_after{5}, keys_pause{60};
// The client waits ten seconds for all of it.
constexpr http::limits quick{.connect = milliseconds{2'000},
    .first_byte = milliseconds{2'500},
    .gap = milliseconds{1'000},
    .total = milliseconds{3'500},
    .header_bytes = 16 * 1024,
    .body_bytes = most_bytes};

struct response {
    unsigned status = 0;
    std::string body;
};

awaitable<result<response>> send(
    http::client& client, std::string method, std::string url, http::headers headers, std::string body = {}) {
    auto got = co_await client.send({std::move(method), std::move(url), std::move(headers), std::move(body), quick});
    if (!got) co_return got.error();
    auto text = co_await (*got)->read_all(most_bytes);
    if (!text) co_return text.error();
    co_return response{(*got)->status(), std::move(*text)};
}

http::headers json_headers(std::string_view bearer = {}) {
    http::headers out{{"Accept", "application/json"}};
    if (!bearer.empty()) out.emplace_back("Authorization", "Bearer " + std::string(bearer));
    return out;
}

awaitable<result<>> fetch_keys(http::client& client, provider& provider) {
    const auto got = co_await send(client, "GET", provider.jwks_uri, json_headers());
    if (!got) co_return got.error();
    auto keys = got->status == 200 ? key_set::of(got->body) : key_set{};
    if (keys.empty()) co_return http::errc::malformed;
    provider.keys = std::move(keys);
    co_return result<>{};
}

awaitable<result<>> discover(http::client& client, provider& provider) {
    auto base = provider.issuer;
    while (base.ends_with('/')) base.pop_back();
    const auto got = co_await send(client, "GET", base + "/.well-known/openid-configuration", json_headers());
    if (!got) co_return got.error();
    if (got->status != 200 || !read_configuration(got->body, provider)) co_return http::errc::malformed;
    co_return co_await fetch_keys(client, provider);
}

// RFC 6749 4.1.3, 2.3.1.
awaitable<result<json::document>> exchange(http::client& client, const provider& provider, const presented& presented) {
    auto headers = json_headers();
    headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    auto form = form_encoded({{"grant_type", "authorization_code"}, {"code", presented.credential},
        {"redirect_uri", presented.redirect_uri}, {"code_verifier", presented.verifier}});
    const auto add = [&](std::string_view more) { form.append("&").append(more); };
    if (provider.authentication == client_authentication::basic)
        headers.emplace_back(
            "Authorization", "Basic " + digest::base64(percent_encoded(provider.client_id) + ":" +
                                                       percent_encoded(provider.client_secret.reveal())));
    else
        add(form_encoded({{"client_id", provider.client_id}}));
    if (provider.authentication == client_authentication::post)
        add(form_encoded({{"client_secret", provider.client_secret.reveal()}}));
    if (provider.authentication == client_authentication::apple)
        add(form_encoded({{"client_secret", apple_secret(provider, now())}}));
    const auto got = co_await send(client, "POST", provider.token_endpoint, std::move(headers), std::move(form));
    if (!got) co_return got.error();
    auto parsed = json::document::parse(got->body);
    if (got->status >= 400 && got->status < 500 && got->status != 429) {
        const auto why = parsed ? std::string(parsed->root()["error"].string().value_or("")) : std::string{};
        log::warn("oauth.code_rejected",
            {{"provider", provider.name}, {"status", got->status}, {"error", why.substr(0, 60)}});
        co_return errc::rejected;
    }
    if (got->status != 200 || !parsed) co_return http::errc::malformed;
    co_return std::move(*parsed);
}

awaitable<result<json::document>> userinfo(http::client& client, const provider& provider, std::string bearer) {
    const auto got = co_await send(client, "GET", provider.userinfo_endpoint, json_headers(bearer));
    if (!got) co_return got.error();
    auto parsed = json::document::parse(got->body);
    if (got->status != 200 || !parsed) co_return http::errc::malformed;
    co_return std::move(*parsed);
}

// https://discord.com/developers/docs/resources/user#user-object
result<person> read_discord(json::value user) {
    person out;
    out.subject = user["id"].string().value_or("");
    if (out.subject.empty() || out.subject.size() > 32) return errc::unfit;
    read_claims(user, out);
    out.email_verified = !out.email.empty() && user["verified"].boolean().value_or(false);
    out.name = user["global_name"].string().value_or(user["username"].string().value_or(""));
    if (out.name.size() > 400 || out.name.find('\0') != out.name.npos) out.name.clear();
    return out;
}

awaitable<result<person>> read_token(
    http::client& client, provider& provider, const presented& presented, std::string token) {
    auto audiences = std::vector<std::string>{provider.client_id};
    if (presented.is_token) audiences.insert(audiences.end(), provider.app_ids.begin(), provider.app_ids.end());
    const expectation wanted{provider.issuer, std::move(audiences), presented.nonce_hash, presented.is_token, now()};
    auto person = read_id_token(token, provider.keys, wanted);
    // The provider may have new keys. Invented key ids cause one request a minute at most.
    const auto now_steady = std::chrono::steady_clock::now();
    if (!person && person.error() == errc::unknown_key && now_steady >= provider.keys_asked_until) {
        provider.keys_asked_until = now_steady + keys_pause;
        if (const auto got = co_await fetch_keys(client, provider); !got) co_return got.error();
        person = read_id_token(token, provider.keys, wanted);
    }
    co_return person;
}

}  // namespace

awaitable<> refresh(http::client& client, provider& provider) {
    const auto now_steady = std::chrono::steady_clock::now();
    if (!provider.openid || now_steady < provider.known_until) co_return;
    const auto done = co_await discover(client, provider);
    provider.known_until = now_steady + (done ? refresh_after : retry_after);
    if (!done)
        log::warn("oauth.provider_unavailable", {{"provider", provider.name}, {"error", done.error().message()}});
}

awaitable<result<person>> identify(http::client& client, provider& provider, presented presented) {
    if (presented.is_token) co_return co_await read_token(client, provider, presented, presented.credential);
    const auto tokens = co_await exchange(client, provider, presented);
    if (!tokens) co_return tokens.error();
    const auto bearer = tokens->root()["access_token"].string();
    if (!provider.openid) {
        if (!bearer) co_return http::errc::malformed;
        const auto user = co_await userinfo(client, provider, std::string(*bearer));
        if (!user) co_return user.error();
        co_return read_discord(user->root());
    }
    const auto token = tokens->root()["id_token"].string();
    if (!token) co_return errc::unfit;
    auto person = co_await read_token(client, provider, presented, std::string(*token));
    // Providers may leave the address out of the token when they issue an access token too (OpenID Connect Core 5.4).
    if (person && person->email.empty() && bearer && !provider.userinfo_endpoint.empty()) {
        const auto user = co_await userinfo(client, provider, std::string(*bearer));
        if (!user) co_return user.error();
        // The userinfo of another subject (5.3.2) would bring another user's address.
        if (user->root()["sub"].string() != person->subject) co_return errc::unfit;
        read_claims(user->root(), *person);
    }
    co_return person;
}

// https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret
std::string apple_secret(const provider& provider, instant now) {
    const auto issued = unix_seconds(now);
    const auto text =
        digest::base64url(json::object().add("alg", "ES256").add("kid", provider.key_id).add("typ", "JWT").text()) +
        '.' +
        digest::base64url(json::object()
                .add("iss", provider.team_id)
                .add("iat", issued)
                .add("exp", issued + 300)
                .add("aud", provider.issuer)
                .add("sub", provider.client_id)
                .text());
    return text + '.' + digest::base64url(provider.key->sign(text));
}

}  // namespace airi::workers::oauth
