#include "events/envelope.hpp"

namespace airi::events {

std::vector<std::pair<std::string, std::string>> attributes(std::string_view type, const origin& from) {
    std::vector<std::pair<std::string, std::string>> out{
        {"ce_id", from.id.text()},
        {"ce_source", std::string(from.source)},
        {"ce_specversion", "1.0"},
        {"ce_type", std::string(type)},
        {"ce_time", to_text(from.time)},
        {"content-type", "application/json"},
    };
    if (!from.traceparent.empty()) out.emplace_back("traceparent", from.traceparent);
    if (!from.request_id.empty()) out.emplace_back("x-request-id", from.request_id);
    return out;
}

}  // namespace airi::events
