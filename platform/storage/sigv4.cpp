#include "platform/storage/sigv4.hpp"

#include <algorithm>

#include "platform/crypto/digest.hpp"

namespace airi::storage {
namespace {

// 2026-01-31T12:00:00.000000Z as 20260131T120000Z.
std::string compact(instant at) {
    std::string out;
    for (const char c : to_text(at).substr(0, 19))
        if (c != '-' && c != ':') out += c;
    return out + 'Z';
}

}  // namespace

header_list sign(const signer& by, const unsigned_request& request, instant at) {
    const auto time = compact(at), day = time.substr(0, 8);
    const auto body = digest::sha256_hex(request.body);
    auto out = request.headers;
    out.emplace_back("x-amz-content-sha256", body);
    out.emplace_back("x-amz-date", time);
    auto all = out;
    all.emplace_back("host", request.host);
    std::ranges::sort(all);
    std::string lines, names;
    for (const auto& [name, value] : all) {
        lines += name + ':' + value + '\n';
        names += (names.empty() ? "" : ";") + name;
    }
    const auto canonical = std::string(request.method) + '\n' + std::string(request.path) + '\n' +
                           std::string(request.query) + '\n' + lines + '\n' + names + '\n' + body;
    const auto scope = day + '/' + by.region + '/' + by.service + "/aws4_request";
    const auto text = "AWS4-HMAC-SHA256\n" + time + '\n' + scope + '\n' + digest::sha256_hex(canonical);
    secret key("AWS4" + by.secret_key.reveal());
    for (const std::string_view part : {std::string_view(day), std::string_view(by.region),
             std::string_view(by.service), std::string_view("aws4_request")})
        key = secret(digest::hmac_sha256(key, part));
    out.emplace_back("authorization", "AWS4-HMAC-SHA256 Credential=" + by.access_key + '/' + scope + ",SignedHeaders=" +
                                          names + ",Signature=" + digest::hmac_sha256_hex(key, text));
    return out;
}

}  // namespace airi::storage
