// The place of a store, as a setting has it. Used by the archive, by backups and by the ledger of erasures.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/storage/storage.hpp"

namespace airi::storage {

struct place {
    std::string directory;       ///< or
    std::string bucket, prefix;  ///< of S3
};
/// None unless it is file:///directory or s3://bucket/prefix.
std::optional<place> read_place(std::string_view url);

/// Of a bucket.
struct s3_access {
    std::string endpoint;  ///< empty: Amazon's of the region
    std::string region, access_key;
    secret secret_key;
};

/// The mistakes in the settings <name>_URL and <name>_S3_…, a sentence each; none when the URL is empty.
std::vector<std::string> place_mistakes(const std::string& name, const std::string& url, const s3_access&);

/// `url`: without mistakes.
std::unique_ptr<store> open_place(executor, const std::string& url, const s3_access&);

}  // namespace airi::storage
