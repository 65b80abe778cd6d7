// The place of the archive, and the key of its sealed objects. Used by the archive worker and airi-ctl.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "platform/base/secret.hpp"
#include "platform/base/settings.hpp"
#include "platform/storage/place.hpp"

namespace airi::workers::archive {

struct archive_settings {
    std::string url;
    std::string endpoint;
    std::string region = "us-east-1";
    std::string access_key;
    airi::secret secret_key;
    airi::secret encryption_key;
    airi::secret encryption_key_previous;

    static constexpr auto place = std::tuple{
        setting{"ARCHIVE_URL", &archive_settings::url,
            "Where topics are archived: file:///directory or s3://bucket/prefix; empty: nowhere."},
        setting{"ARCHIVE_S3_ENDPOINT", &archive_settings::endpoint,
            "The S3 server; empty: Amazon's of the region. https, or http to this machine."},
        setting{"ARCHIVE_S3_REGION", &archive_settings::region, "Its region."},
        setting{"ARCHIVE_S3_ACCESS_KEY", &archive_settings::access_key, "The key's name there."},
        setting{"ARCHIVE_S3_SECRET_KEY", &archive_settings::secret_key, "The key."},
    };

    storage::s3_access access() const;
    /// The mistakes in these, a sentence each.
    std::vector<std::string> mistakes() const;
};

}  // namespace airi::workers::archive
