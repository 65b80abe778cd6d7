#include "workers/archive/settings.hpp"

#include "platform/crypto/seal.hpp"
#include "platform/http/url.hpp"
#include "workers/archive/archive.hpp"

namespace airi::workers::archive {

std::vector<std::string> archive_settings::mistakes() const {
    std::vector<std::string> out;
    if (!encryption_key.empty()) out = seal::mistakes_of("ENCRYPTION_KEY", encryption_key, encryption_key_previous);
    if (url.empty()) return out;
    const auto at = read_place(url);
    if (!at) {
        out.emplace_back("ARCHIVE_URL must be file:///directory or s3://bucket/prefix");
    } else if (!at->bucket.empty()) {
        if (access_key.empty()) out.emplace_back("ARCHIVE_S3_ACCESS_KEY is missing");
        if (secret_key.empty()) out.emplace_back("ARCHIVE_S3_SECRET_KEY is missing");
        if (!endpoint.empty() && !http::is_safe(endpoint))
            out.emplace_back("ARCHIVE_S3_ENDPOINT must be https, or http to this machine");
    }
    return out;
}

}  // namespace airi::workers::archive
