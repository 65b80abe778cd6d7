// The security headers of every answer. Used by the transport, which leaves out the ones an answer brings itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace airi::gateway {

/// The choices of a product about its headers.
struct header_policy {
    std::int64_t hsts_seconds = 31'536'000;
    bool hsts_subdomains = true;
    std::string content_policy = {};  ///< of every answer; empty: the strictest for JSON
};

class security_headers {
public:
    /// A content policy that is no header value counts as empty.
    explicit security_headers(const header_policy&);

    const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }
    const std::string& lines() const { return lines_; }  ///< all of them, as they stand in a head

private:
    std::vector<std::pair<std::string, std::string>> all_;
    std::string lines_;
};

/// Those of a product that decides nothing.
std::shared_ptr<const security_headers> default_security_headers();

}  // namespace airi::gateway
