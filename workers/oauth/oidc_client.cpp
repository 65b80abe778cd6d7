#include "workers/oauth/oidc_client.hpp"

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/base/percent.hpp"
#include "platform/crypto/digest.hpp"

namespace airi::workers::oauth {
namespace {

constexpr std::size_t most_bytes = 256 * 1024;
constexpr seconds known_for{600}, ask_again{5}, keys_pause{60};
// The client waits ten seconds for all of it.
constexpr http::limits quick{.connect = milliseconds{2'000},
    .first_byte = milliseconds{2'500},
    .gap = milliseconds{1'000},
    .total = milliseconds{3'500},
    .header_bytes = 16 * 1024,
    .body_bytes = most_bytes};

struct answered {
    unsigned status = 0;
    std::string body;
};

awaitable<result<answered>> send(
    http::client& use, std::string method, std::string url, http::headers with, std::string body = {}) {
    auto got = co_await use.send({std::move(method), std::move(url), std::move(with), std::move(body), quick});
    if (!got) co_return got.error();
    auto text = co_await (*got)->read_all(most_bytes);
    if (!text) co_return text.error();
    co_return answered{(*got)->status(), std::move(*text)};
}

http::headers asking(std::string_view bearer = {}) {
    http::headers out{{"Accept", "application/json"}};
    if (!bearer.empty()) out.emplace_back("Authorization", "Bearer " + std::string(bearer));
    return out;
}

awaitable<result<>> fetch_keys(http::client& use, provider& of) {
    const auto got = co_await send(use, "GET", of.jwks_uri, asking());
    if (!got) co_return got.error();
    auto keys = got->status == 200 ? key_set::of(got->body) : key_set{};
    if (keys.empty()) co_return http::errc::malformed;
    of.keys = std::move(keys);
    co_return result<>{};
}

awaitable<result<>> discover(http::client& use, provider& of) {
    auto base = of.issuer;
    while (base.ends_with('/')) base.pop_back();
    const auto got = co_await send(use, "GET", base + "/.well-known/openid-configuration", asking());
    if (!got) co_return got.error();
    if (got->status != 200 || !read_configuration(got->body, of)) co_return http::errc::malformed;
    co_return co_await fetch_keys(use, of);
}

// RFC 6749 4.1.3, 2.3.1.
awaitable<result<json::document>> exchange(http::client& use, const provider& with, const presented& what) {
    auto headers = asking();
    headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    auto form = form_encoded({{"grant_type", "authorization_code"}, {"code", what.credential},
        {"redirect_uri", what.redirect_uri}, {"code_verifier", what.verifier}});
    const auto add = [&](std::string_view more) { form.append("&").append(more); };
    if (with.by == proof::basic)
        headers.emplace_back("Authorization", "Basic " + digest::base64(percent_encoded(with.client_id) + ":" +
                                                                        percent_encoded(with.client_secret.reveal())));
    else
        add(form_encoded({{"client_id", with.client_id}}));
    if (with.by == proof::post) add(form_encoded({{"client_secret", with.client_secret.reveal()}}));
    if (with.by == proof::apple) add(form_encoded({{"client_secret", apple_secret(with, now())}}));
    const auto got = co_await send(use, "POST", with.token_endpoint, std::move(headers), std::move(form));
    if (!got) co_return got.error();
    auto parsed = json::document::parse(got->body);
    if (got->status >= 400 && got->status < 500 && got->status != 429) {
        const auto why = parsed ? std::string(parsed->root()["error"].string().value_or("")) : std::string{};
        log::warn(
            "identity.code_rejected", {{"provider", with.name}, {"status", got->status}, {"error", why.substr(0, 60)}});
        co_return errc::rejected;
    }
    if (got->status != 200 || !parsed) co_return http::errc::malformed;
    co_return std::move(*parsed);
}

awaitable<result<json::document>> userinfo(http::client& use, const provider& of, std::string bearer) {
    const auto got = co_await send(use, "GET", of.userinfo_endpoint, asking(bearer));
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

awaitable<result<person>> read_token(http::client& use, provider& by, const presented& what, std::string token) {
    auto audiences = std::vector<std::string>{by.client_id};
    if (what.is_token) audiences.insert(audiences.end(), by.app_ids.begin(), by.app_ids.end());
    const expectation wanted{by.issuer, std::move(audiences), what.nonce_hash, now()};
    auto who = read_id_token(token, by.keys, wanted);
    // The provider may have new keys; whoever invents key ids makes nobody ask more than once a minute.
    const auto at = std::chrono::steady_clock::now();
    if (!who && who.error() == errc::unknown_key && at >= by.keys_asked_until) {
        by.keys_asked_until = at + keys_pause;
        if (const auto got = co_await fetch_keys(use, by); !got) co_return got.error();
        who = read_id_token(token, by.keys, wanted);
    }
    co_return who;
}

}  // namespace

awaitable<> learn(http::client& use, provider& of) {
    const auto at = std::chrono::steady_clock::now();
    if (!of.openid || at < of.known_until) co_return;
    const auto done = co_await discover(use, of);
    of.known_until = at + (done ? known_for : ask_again);
    if (!done) log::warn("identity.provider_away", {{"provider", of.name}, {"error", done.error().message()}});
}

awaitable<result<person>> identify(http::client& use, provider& by, presented what) {
    if (what.is_token) co_return co_await read_token(use, by, what, what.credential);
    const auto tokens = co_await exchange(use, by, what);
    if (!tokens) co_return tokens.error();
    const auto bearer = tokens->root()["access_token"].string();
    if (!by.openid) {
        if (!bearer) co_return http::errc::malformed;
        const auto user = co_await userinfo(use, by, std::string(*bearer));
        if (!user) co_return user.error();
        co_return read_discord(user->root());
    }
    const auto token = tokens->root()["id_token"].string();
    if (!token) co_return errc::unfit;
    auto who = co_await read_token(use, by, what, std::string(*token));
    // Providers may keep the address out of the token when they give an access token too (OpenID Connect Core 5.4).
    if (who && who->email.empty() && bearer && !by.userinfo_endpoint.empty()) {
        const auto user = co_await userinfo(use, by, std::string(*bearer));
        if (!user) co_return user.error();
        // Of another one (5.3.2) it would be somebody else's address.
        if (user->root()["sub"].string() != who->subject) co_return errc::unfit;
        read_claims(user->root(), *who);
    }
    co_return who;
}

// https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret
std::string apple_secret(const provider& of, instant at) {
    const auto from = unix_seconds(at);
    const auto text =
        digest::base64url(json::object().add("alg", "ES256").add("kid", of.key_id).add("typ", "JWT").text()) + '.' +
        digest::base64url(json::object()
                .add("iss", of.team_id)
                .add("iat", from)
                .add("exp", from + 300)
                .add("aud", of.issuer)
                .add("sub", of.client_id)
                .text());
    return text + '.' + digest::base64url(of.key->sign(text));
}

}  // namespace airi::workers::oauth
