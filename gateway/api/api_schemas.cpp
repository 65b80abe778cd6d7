#include "gateway/api/api_schemas.hpp"

#include <map>
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
                if (!all.emplace(name, definition.text()).second)
                    throw std::invalid_argument(std::string(name) + " is defined twice");
            });
        }
        json::object defs;
        for (const auto& [name, definition] : all) defs.add_raw(name, definition);
        return json::object().add_raw("$defs", defs.text()).text();
    }();
    return text;
}

namespace {

struct definition {
    schema::validator validator;
    std::vector<std::string> screened;
};

const definition& find_definition(std::string_view name) {
    static const auto all = [] {
        std::map<std::string, definition, std::less<>> made;
        const auto parsed = json::document::parse(api_schemas());
        parsed->root()["$defs"].members([&](std::string_view each, json::value schema) {
            definition one{schema::validator(api_schemas(), each), {}};
            schema["properties"].members([&](std::string_view member, json::value property) {
                if (property["x-screened"].boolean() == true) one.screened.emplace_back(member);
            });
            made.emplace(each, std::move(one));
        });
        return made;
    }();
    const auto found = all.find(name);
    if (found == all.end()) throw std::out_of_range("no schema is named " + std::string(name));
    return found->second;
}

}  // namespace

const schema::validator& api_schema(std::string_view name) { return find_definition(name).validator; }

const std::vector<std::string>& screened_members(std::string_view name) { return find_definition(name).screened; }

}  // namespace airi::gateway
