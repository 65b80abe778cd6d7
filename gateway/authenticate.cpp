#include "gateway/authenticate.hpp"

#include <algorithm>

namespace airi::gateway {

awaitable<std::variant<std::shared_ptr<const account>, problem>> authenticate(services& use, std::string token, instant at) {
    const auto claims = use.keys.verify(token, at);
    if (!claims) {
        const bool expired = claims.error() == make_error_code(tokens::errc::expired);
        co_return expired ? problem{401, "TOKEN_EXPIRED", "the access token has expired"} : unauthenticated();
    }
    const auto found = co_await use.sessions.of(claims->user, claims->session);
    if (!found) co_return problem_of(found.error());
    if (!*found) co_return problem{401, "SESSION_ENDED", "this session has ended, log in again"};
    co_return *found;
}

std::string bearer_of(const request& in) {
    constexpr std::string_view scheme = "bearer ";
    const auto value = in.header("authorization");
    const auto same = [](char a, char b) { return (a | 0x20) == b || a == b; };
    if (value.size() <= scheme.size() || !std::equal(scheme.begin(), scheme.end(), value.begin(), [&](char b, char a) { return same(a, b); }))
        return {};
    return std::string(value.substr(scheme.size()));
}

bool origin_allowed(const gateway_options& options, std::string_view origin, std::string_view host) {
    if (std::find(options.origins.begin(), options.origins.end(), origin) != options.origins.end()) return true;
    const auto slashes = origin.find("://");
    return slashes != std::string_view::npos && !host.empty() && origin.substr(slashes + 3) == host;
}

}  // namespace airi::gateway
