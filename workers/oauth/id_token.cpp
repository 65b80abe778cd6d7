#include "workers/oauth/id_token.hpp"

#include <algorithm>

#include "platform/base/error_table.hpp"
#include "platform/crypto/digest.hpp"

namespace airi::workers::oauth {
namespace {

constexpr std::size_t longest = 16 * 1024, longest_subject = 255, longest_name = 400, longest_email = 254,
                      most_keys = 100;
constexpr std::int64_t skew = 60, oldest = 24 * 3600;

constexpr error_row<errc> error_rows[] = {
    {errc::malformed, "malformed ID token", failure::refused},
    {errc::bad_algorithm, "the ID token's algorithm is not allowed", failure::refused},
    {errc::unknown_key, "the ID token's key is unknown", failure::refused},
    {errc::bad_signature, "the ID token's signature is wrong", failure::refused},
    {errc::wrong_issuer, "the ID token is another provider's", failure::refused},
    {errc::wrong_audience, "the ID token is for another client", failure::refused},
    {errc::wrong_nonce, "the ID token is for another sign-in", failure::refused},
    {errc::expired, "the ID token is not valid at this time", failure::refused},
    {errc::rejected, "the provider rejected the code", failure::refused},
    {errc::unfit, "the provider's response cannot be used", failure::refused},
};

result<json::document> decoded(std::string_view part) {
    const auto text = digest::from_base64url(part);
    if (!text) return errc::malformed;
    auto out = json::document::parse(*text);
    if (!out || out->root().type() != json::kind::object) return errc::malformed;
    // Readers differ in which of two members with the same name they take.
    std::vector<std::string_view> names;
    out->root().members([&](std::string_view name, json::value) { names.push_back(name); });
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) != names.end()) return errc::malformed;
    return std::move(*out);
}

// ASCII only, as at sign-up, so that an address cannot look like another user's.
bool is_address(std::string_view text) {
    const auto sign = text.find('@');
    return text.size() <= longest_email && sign != text.npos && sign > 0 && sign + 1 < text.size() &&
           text.find('@', sign + 1) == text.npos &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_ours(json::value audience, json::value authorized, const std::vector<std::string>& ours) {
    const auto known = [&](std::string_view id) { return std::find(ours.begin(), ours.end(), id) != ours.end(); };
    if (authorized.exists() && !known(authorized.string().value_or(""))) return false;
    if (const auto one = audience.string()) return known(*one);
    bool found = false;
    audience.each([&](json::value one) { found = found || known(one.string().value_or("")); });
    // A token with several audiences must name one of our clients as the authorized party.
    return found && (audience.size() == 1 || authorized.exists());
}

error_code check(json::value claims, const expectation& wanted) {
    const auto issuer = claims["iss"].string().value_or("");
    // https://developers.google.com/identity/openid-connect/openid-connect#validatinganidtoken: with or without
    // https://.
    const bool google = wanted.issuer == "https://accounts.google.com" && issuer == "accounts.google.com";
    if (issuer != wanted.issuer && !google) return errc::wrong_issuer;
    if (!is_ours(claims["aud"], claims["azp"], wanted.audiences)) return errc::wrong_audience;
    const auto now = unix_seconds(wanted.now);
    const auto expires = claims["exp"].integer(), issued = claims["iat"].integer();
    if (!expires || !issued) return errc::malformed;
    if (*expires < now - skew || *issued > now + skew || *issued < now - oldest) return errc::expired;
    if (const auto begins = claims["nbf"]; begins.exists() && begins.integer().value_or(now + skew + 1) > now + skew)
        return errc::expired;
    const auto nonce = claims["nonce"].string().value_or("");
    if (!digest::equal(wanted.hides_nonce ? std::string(nonce) : digest::sha256_hex(nonce), wanted.nonce_hash))
        return errc::wrong_nonce;
    return {};
}

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.identity", error_rows);
    return table.code(e);
}

key_set key_set::of(std::string_view jwks) {
    key_set out;
    const auto parsed = json::document::parse(jwks);
    if (!parsed || parsed->root()["keys"].type() != json::kind::array) return out;
    parsed->root()["keys"].each([&](json::value jwk) {
        if (out.keys_.size() >= most_keys) return;
        if (auto key = signatures::public_key::of_jwk(jwk))
            out.keys_.emplace_back(jwk["kid"].string().value_or(""), std::move(*key));
    });
    return out;
}

const signatures::public_key* key_set::find(std::optional<std::string_view> id, signatures::algorithm kind) const {
    const signatures::public_key* found = nullptr;
    for (const auto& [kid, key] : keys_) {
        if (key.kind() != kind || (id && kid != *id)) continue;
        if (found) return nullptr;
        found = &key;
    }
    return found;
}

void read_claims(json::value claims, person& person) {
    if (const auto email = claims["email"].string(); email && is_address(*email)) {
        person.email = *email;
        // Apple writes "true".
        const auto verified = claims["email_verified"];
        person.email_verified = verified.boolean().value_or(false) || verified.string() == "true";
    }
    if (const auto name = claims["name"].string();
        name && name->size() <= longest_name && name->find('\0') == name->npos)
        person.name = *name;
}

result<person> read_id_token(std::string_view token, const key_set& keys, const expectation& wanted) {
    if (token.size() > longest) return errc::malformed;
    const auto first = token.find('.'), last = token.rfind('.');
    if (first == token.npos || first == last || token.find('.', first + 1) != last) return errc::malformed;
    const auto header = decoded(token.substr(0, first));
    if (!header) return header.error();
    const auto kind = signatures::algorithm_of(header->root()["alg"].string().value_or(""));
    if (!kind || header->root()["crit"].exists()) return errc::bad_algorithm;
    const auto* key = keys.find(header->root()["kid"].string(), *kind);
    if (!key) return errc::unknown_key;
    const auto signature = digest::from_base64url(token.substr(last + 1));
    if (!signature) return errc::malformed;
    if (!key->verify(token.substr(0, last), *signature)) return errc::bad_signature;
    const auto claims = decoded(token.substr(first + 1, last - first - 1));
    if (!claims) return claims.error();
    if (const auto wrong = check(claims->root(), wanted)) return wrong;
    person out;
    out.subject = claims->root()["sub"].string().value_or("");
    if (out.subject.empty() || out.subject.size() > longest_subject || out.subject.find('\0') != out.subject.npos)
        return errc::malformed;
    read_claims(claims->root(), out);
    return out;
}

}  // namespace airi::workers::oauth
