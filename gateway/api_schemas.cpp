#include "gateway/api_schemas.hpp"

#include <map>
#include <mutex>
#include <span>
#include <stdexcept>

#include "platform/base/embedded.hpp"

namespace airi::gateway {

extern const std::span<const embedded_file> api_schema_files;

const std::string& api_schemas() {
    static const std::string text = [] {
        std::map<std::string, std::string, std::less<>> all;
        for (const auto& file : api_schema_files) {
            const auto parsed = json::document::parse(file.text);
            if (!parsed) throw std::invalid_argument(std::string(file.name) + ": " + parsed.error().message());
            parsed->root()["$defs"].members([&](std::string_view name, json::value definition) {
                if (!all.emplace(name, definition.text()).second) throw std::invalid_argument(std::string(name) + " is defined twice");
            });
        }
        json::object defs;
        for (const auto& [name, definition] : all) defs.add_raw(name, definition);
        return json::object().add_raw("$defs", defs.text()).text();
    }();
    return text;
}

const schema::validator& api_schema(std::string_view name) {
    static std::mutex mutex;
    static std::map<std::string, schema::validator, std::less<>> made;
    const std::lock_guard lock(mutex);
    auto found = made.find(name);
    if (found == made.end()) found = made.emplace(name, schema::validator(api_schemas(), name)).first;
    return found->second;
}

}  // namespace airi::gateway
