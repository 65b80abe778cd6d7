// Signatures of requests to Amazon's services and those that speak like them: AWS Signature Version 4
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html), in the headers. Pure. Used for S3.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/clock.hpp"
#include "platform/base/secret.hpp"

namespace airi::storage {

struct signer {
    std::string access_key;
    secret secret_key;
    std::string region;
    std::string service;
};

using header_list = std::vector<std::pair<std::string, std::string>>;

struct unsigned_request {
    std::string_view method;
    std::string_view host;   ///< as in the header Host
    std::string_view path;   ///< percent-encoded once, as it is sent
    std::string_view query;  ///< percent-encoded, its members sorted by name
    header_list headers;     ///< others that are signed, in lower case
    std::string_view body;
};

/// The request's headers with those that prove it: x-amz-date, x-amz-content-sha256 and authorization. All are signed,
/// Host too, which is not among them.
header_list sign(const signer&, const unsigned_request&, instant at);

}  // namespace airi::storage
