// The answer of S3's ListObjectsV2, as XML, and of an error. Pure. Used by the S3 store.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/storage/storage.hpp"

namespace airi::storage {

/// Names without `prefix`, which may be empty; other objects than ours (see is_object_name) are left out. None for
/// anything but such an answer.
std::optional<page> read_s3_list(std::string_view xml, std::string_view prefix);

/// The text of <Code>, as NoSuchKey; empty: there is none.
std::string s3_error_code(std::string_view xml);

}  // namespace airi::storage
