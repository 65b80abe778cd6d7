#include <unistd.h>

#include <fstream>

#include "bench/client/scenarios.hpp"
#include "platform/base/json.hpp"

namespace airi::bench {

std::string message_send(std::string_view conversation, std::string_view content, std::string_view client_message_id) {
    const auto data = json::object()
                          .add("conversation_id", conversation)
                          .add("content", content)
                          .add("client_message_id", client_message_id)
                          .text();
    return json::object().add("type", "message_send").add_raw("data", data).text();
}

std::string_view type_of(std::string_view frame) {
    constexpr std::string_view before = "{\"type\":\"";
    if (!frame.starts_with(before)) return {};
    frame.remove_prefix(before.size());
    return frame.substr(0, frame.find('"'));
}

std::int64_t memory_of(std::int64_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
    std::int64_t all = 0, resident = 0;
    file >> all >> resident;
    return resident * ::sysconf(_SC_PAGESIZE);
}

}  // namespace airi::bench
