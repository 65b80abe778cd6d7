#include "gateway/http/deprecation.hpp"

#include <fmt/format.h>

namespace airi::gateway {
namespace {

constexpr std::string_view unversioned = "/api/", versioned = "/api/v1/", since = "@1767225600";

std::string percent_encoded(std::string_view path) {
    std::string out;
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::string_view("-._~/").find(c) != std::string_view::npos;
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

}  // namespace

void add_deprecation(std::string_view path, std::vector<std::pair<std::string, std::string>>& to) {
    if (!path.starts_with(unversioned) || path.starts_with(versioned)) return;
    to.emplace_back("Deprecation", std::string(since));
    to.emplace_back("Link",
        fmt::format("<{}{}>; rel=\"successor-version\"", versioned, percent_encoded(path.substr(unversioned.size()))));
}

}  // namespace airi::gateway
