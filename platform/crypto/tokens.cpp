#include "platform/crypto/tokens.hpp"

#include <algorithm>
#include <stdexcept>

#include "platform/base/error_table.hpp"
#include "platform/base/json.hpp"
#include "platform/crypto/digest.hpp"

namespace airi::tokens {
namespace {

constexpr std::size_t max_length = 4096;
constexpr std::string_view token_type = "at+jwt";  // RFC 9068: no other JWT passes for an access token
constexpr seconds leeway{30};
constexpr std::int64_t last_second = 253'402'300'799;  // 9999-12-31

constexpr error_row<errc> error_rows[] = {
    {errc::malformed, "malformed token", failure::refused},
    {errc::bad_signature, "the token's signature is wrong", failure::refused},
    {errc::expired, "the token is not valid at this time", failure::refused},
};

// Calls `visit` for each member of the JSON object in `encoded`; false when that is not an object, has a duplicate
// member, or `visit` rejects one. Names are compared unescaped: "\u0061lg" is "alg".
template <class Visit>
bool read_object(std::string_view encoded, Visit visit) {
    const auto text = digest::from_base64url(encoded);
    if (!text) return false;
    const auto parsed = json::document::parse(*text);
    if (!parsed || parsed->root().type() != json::kind::object) return false;
    std::vector<std::string_view> seen;
    bool good = true;
    parsed->root().members([&](std::string_view name, json::value value) {
        good = good && std::find(seen.begin(), seen.end(), name) == seen.end() && visit(name, value);
        seen.push_back(name);
    });
    return good;
}

bool read_text(json::value value, std::string& out) {
    const auto text = value.string();
    if (text) out = *text;
    return text.has_value();
}

template <class Id>
bool read_id(json::value value, Id& out) {
    const auto id = Id::parse(value.string().value_or(""));
    if (id) out = *id;
    return id.has_value();
}

bool read_time(json::value value, std::optional<instant>& out) {
    const auto second = value.type() == json::kind::integer ? value.integer() : std::nullopt;
    if (!second || *second < 0 || *second > last_second) return false;
    out = instant(seconds(*second));
    return true;
}

result<claims> read_claims(std::string_view encoded, const parties& parties, instant now) {
    claims out;
    std::optional<instant> issued, expires, not_before;
    int found = 0;
    const bool good = read_object(encoded, [&](std::string_view name, json::value value) {
        ++found;
        if (name == "iss") return value.string() == parties.issuer;
        if (name == "aud") return value.string() == parties.audience;
        if (name == "sub") return read_id(value, out.user);
        if (name == "sid") return read_id(value, out.session);
        if (name == "email") return read_text(value, out.email);
        if (name == "role") return read_text(value, out.role);
        if (name == "iat") return read_time(value, issued);
        if (name == "exp") return read_time(value, expires);
        --found;
        return name != "nbf" || read_time(value, not_before);
    });
    if (!good || found != 8 || *expires <= *issued) return errc::malformed;
    out.issued = *issued;
    out.expires = *expires;
    if (now >= out.expires || out.issued > now + leeway || not_before.value_or(now) > now + leeway)
        return errc::expired;
    return out;
}

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.tokens", error_rows);
    return table.code(e);
}

key key::of(secret value) {
    auto kid = digest::sha256_hex("airi key id " + value.reveal()).substr(0, 12);
    return {std::move(kid), std::move(value)};
}

keyring::keyring(parties whose, key current, std::optional<replaced_key> previous) : parties_(std::move(whose)) {
    const auto add = [this](key added) {
        if (added.value.reveal().size() < 32) throw std::invalid_argument("a token secret needs at least 32 bytes");
        for (const auto& other : keys_)
            if (other.key.kid == added.kid) throw std::invalid_argument("two token secrets have the same key id");
        auto header = json::object().add("alg", "HS256").add("kid", added.kid).add("typ", token_type);
        keys_.push_back({std::move(added), digest::base64url(std::move(header).text())});
    };
    add(std::move(current));
    if (!previous) return;
    add(std::move(previous->key));
    keys_.back().until = previous->until;
}

std::string keyring::sign(const claims& claims) const {
    auto body = json::object();
    body.add("iss", parties_.issuer).add("aud", parties_.audience);
    body.add("sub", claims.user.text()).add("sid", claims.session.text());
    body.add("email", claims.email).add("role", claims.role);
    body.add("iat", unix_seconds(claims.issued)).add("exp", unix_seconds(claims.expires));
    auto out = keys_.front().header + '.' + digest::base64url(std::move(body).text());
    const auto signature = digest::hmac_sha256(keys_.front().key.value, out);
    return out += '.' + digest::base64url(signature);
}

// A header exactly as sign() writes it is recognised by comparison; any other is parsed and must name a known key.
const keyring::known* keyring::by_header(std::string_view encoded, error_code& wrong) const {
    for (const auto& each : keys_)
        if (each.header == encoded) return &each;
    std::string algorithm, kid, type;
    const bool good = read_object(encoded, [&](std::string_view name, json::value value) {
        if (name == "alg") return read_text(value, algorithm);
        if (name == "kid") return read_text(value, kid);
        return name == "typ" && read_text(value, type);
    });
    wrong = errc::malformed;
    if (!good || algorithm != "HS256" || type != token_type || kid.empty()) return nullptr;
    wrong = errc::bad_signature;
    for (const auto& each : keys_)
        if (each.key.kid == kid) return &each;
    return nullptr;
}

result<claims> keyring::verify(std::string_view token, instant now) const {
    if (token.size() > max_length) return errc::malformed;
    const auto first = token.find('.'), last = token.rfind('.');
    if (first == token.npos || first == last || token.find('.', first + 1) != last) return errc::malformed;
    error_code wrong;
    const auto* matching = by_header(token.substr(0, first), wrong);
    if (!matching) return wrong;
    if (now >= matching->until) return errc::bad_signature;
    const auto signature = digest::from_base64url(token.substr(last + 1));
    if (!signature || signature->size() != 32) return errc::malformed;
    if (!digest::equal(*signature, digest::hmac_sha256(matching->key.value, token.substr(0, last))))
        return errc::bad_signature;
    return read_claims(token.substr(first + 1, last - first - 1), parties_, now);
}

}  // namespace airi::tokens
