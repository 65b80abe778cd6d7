#include "workers/archive/settings.hpp"

#include "platform/crypto/seal.hpp"

namespace airi::workers::archive {

storage::s3_access archive_settings::access() const { return {endpoint, region, access_key, secret_key}; }

std::vector<std::string> archive_settings::mistakes() const {
    std::vector<std::string> out;
    if (!encryption_key.empty()) out = seal::mistakes_of("ENCRYPTION_KEY", encryption_key, encryption_key_previous);
    for (auto& one : storage::place_mistakes("ARCHIVE", url, access())) out.push_back(std::move(one));
    return out;
}

}  // namespace airi::workers::archive
