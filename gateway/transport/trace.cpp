#include "gateway/transport/trace.hpp"

#include <algorithm>

#include "platform/base/ids.hpp"
#include "platform/base/traceparent.hpp"

namespace airi::gateway {
namespace {

bool is_id_letter(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

}  // namespace

std::string request_id_from(std::string_view given) {
    const bool good = !given.empty() && given.size() <= 64 && std::all_of(given.begin(), given.end(), is_id_letter);
    return good ? std::string(given) : uuid::v7().text();
}

std::string traceparent_from(std::string_view given) {
    return is_traceparent(given) ? std::string(given) : new_traceparent(true);
}

}  // namespace airi::gateway
