#include "gateway/http/deprecation.hpp"

#include <fmt/format.h>

#include "platform/base/percent.hpp"

namespace airi::gateway {
namespace {

constexpr std::string_view unversioned = "/api/", versioned = "/api/v1/", since = "@1767225600";

}  // namespace

void add_deprecation(std::string_view path, std::vector<std::pair<std::string, std::string>>& headers) {
    if (!path.starts_with(unversioned) || path.starts_with(versioned)) return;
    headers.emplace_back("Deprecation", std::string(since));
    headers.emplace_back("Link", fmt::format("<{}{}>; rel=\"successor-version\"", versioned,
                                     percent_encoded(path.substr(unversioned.size()), "/")));
}

}  // namespace airi::gateway
