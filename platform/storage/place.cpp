#include "platform/storage/place.hpp"

#include <algorithm>

#include "platform/http/url.hpp"

namespace airi::storage {

std::optional<place> read_place(std::string_view url) {
    constexpr std::string_view file = "file://", s3 = "s3://";
    if (url.starts_with(file)) {
        url.remove_prefix(file.size());
        if (!url.starts_with('/') || url.size() < 2) return std::nullopt;
        return place{std::string(url), {}, {}};
    }
    if (!url.starts_with(s3)) return std::nullopt;
    url.remove_prefix(s3.size());
    while (url.ends_with('/')) url.remove_suffix(1);
    const auto slash = std::min(url.find('/'), url.size());
    place out{{}, std::string(url.substr(0, slash)), std::string(url.substr(std::min(slash + 1, url.size())))};
    if (!is_object_name(out.bucket) || (!out.prefix.empty() && !is_object_name(out.prefix))) return std::nullopt;
    return out;
}

std::vector<std::string> place_mistakes(const std::string& name, const std::string& url, const s3_access& access) {
    std::vector<std::string> out;
    if (url.empty()) return out;
    const auto at = read_place(url);
    if (!at) {
        out.emplace_back(name + "_URL must be file:///directory or s3://bucket/prefix");
    } else if (!at->bucket.empty()) {
        if (access.access_key.empty()) out.emplace_back(name + "_S3_ACCESS_KEY is missing");
        if (access.secret_key.empty()) out.emplace_back(name + "_S3_SECRET_KEY is missing");
        if (!access.endpoint.empty() && !http::is_safe(access.endpoint))
            out.emplace_back(name + "_S3_ENDPOINT must be https, or http to this machine");
    }
    return out;
}

std::unique_ptr<store> open_place(executor on, const std::string& url, const s3_access& access) {
    const auto at = read_place(url).value();
    if (at.bucket.empty()) return open_directory(at.directory);
    const auto endpoint = access.endpoint.empty() ? "https://s3." + access.region + ".amazonaws.com" : access.endpoint;
    return open_s3(on, {endpoint, access.region, at.bucket, at.prefix, access.access_key, access.secret_key});
}

}  // namespace airi::storage
