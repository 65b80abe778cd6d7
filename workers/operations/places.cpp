#include "workers/operations/places.hpp"

#include <charconv>

namespace airi::workers::operations {

std::string positions_json(const kafka::positions& places) {
    json::object out;
    for (const auto& [partition, offset] : places) out.add(std::to_string(partition), offset);
    return out.text();
}

std::optional<kafka::positions> read_positions(json::value from) {
    kafka::positions out;
    bool good = from.exists();
    from.members([&](std::string_view name, json::value offset) {
        std::int32_t partition = -1;
        const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), partition);
        good = good && failed == std::errc{} && end == name.data() + name.size() && offset.integer();
        if (good) out[partition] = *offset.integer();
    });
    if (!good) return std::nullopt;
    return out;
}

}  // namespace airi::workers::operations
