// Otherwise the library ends the process where it cannot go on.
#define VALIJSON_USE_EXCEPTIONS 1

#include "platform/schema/schema.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <stdexcept>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace airi::schema {
namespace {

using valijson::adapters::BoostJsonAdapter;

constexpr std::size_t most_faults = 20;

// The same value as the validator's library has it; repeated members become faults on the way.
boost::json::value copy(json::value from, const std::string& at, std::vector<fault>& faults) {
    switch (from.type()) {
        case json::kind::null: return nullptr;
        case json::kind::boolean: return *from.boolean();
        case json::kind::integer:
        case json::kind::number:
            if (const auto whole = from.integer()) return *whole;
            return from.number().value_or(0);
        case json::kind::string: return boost::json::string(*from.string());
        case json::kind::array: {
            boost::json::array out;
            out.reserve(from.size());
            from.each([&](json::value one) {
                out.push_back(copy(one, json::below(at, std::to_string(out.size())), faults));
            });
            return out;
        }
        case json::kind::object: break;
    }
    boost::json::object out;
    from.members([&](std::string_view name, json::value one) {
        const auto here = json::below(at, name);
        if (!out.emplace(name, copy(one, here, faults)).second) faults.push_back({here, "is given more than once"});
    });
    return out;
}

// The library wants every value that has a format to be a string.
void leave_out_formats(boost::json::value& schema) {
    if (auto* list = schema.if_array())
        for (auto& each : *list) leave_out_formats(each);
    if (auto* object = schema.if_object()) {
        if (const auto* format = object->if_contains("format"); format && format->is_string()) object->erase("format");
        for (auto& each : *object) leave_out_formats(each.value());
    }
}

// "<root>", "[a]", "[0]" of the library's context.
std::string pointer_of(const std::vector<std::string>& context) {
    std::string out;
    for (std::size_t i = 1; i < context.size(); ++i)
        out = json::below(out, std::string_view(context[i]).substr(1, context[i].size() - 2));
    return out;
}

// Takes the member at a pointer out of the value.
void take_out(boost::json::value& from, const std::vector<std::string>& context, std::string_view name) {
    auto* at = &from;
    for (std::size_t i = 1; i < context.size(); ++i) {
        const auto step = std::string_view(context[i]).substr(1, context[i].size() - 2);
        at = at->is_array() ? &at->as_array().at(std::stoul(std::string(step))) : &at->as_object().at(step);
    }
    at->as_object().erase(name);
}

std::string_view quoted_part(std::string_view text) {
    const auto from = text.find('\''), to = text.rfind('\'');
    return from == to ? std::string_view{} : text.substr(from + 1, to - from - 1);
}

// What a parent adds to its child's own fault.
bool repeats(std::string_view text) {
    return text.starts_with("Failed to validate against schema associated") ||
           text.starts_with("Failed to validate against child schema") ||
           text.starts_with("Failed to validate item #") ||
           text.starts_with("Failed to validate against any allowed types");
}

fault told(const valijson::ValidationResults::Error& error) {
    const std::string_view text = error.description;
    const auto at = pointer_of(error.context);
    if (text.starts_with("Missing required property")) return {json::below(at, quoted_part(text)), "is needed"};
    if (text.starts_with("Value type not permitted")) return {at, "is of another type"};
    if (text.starts_with("Failed to match regex")) return {at, "does not have the form that is asked for"};
    if (text.starts_with("Failed to match against any enum values"))
        return {at, "is none of the values that are allowed"};
    std::string rest(text);
    if (const auto zeros = rest.find(".000000"); zeros != rest.npos) rest.erase(zeros, 7);
    std::transform(rest.begin(), rest.begin() + 1, rest.begin(), [](unsigned char c) { return std::tolower(c); });
    if (rest.ends_with('.')) rest.pop_back();
    return {at, std::move(rest)};
}

}  // namespace

struct validator::state {
    valijson::Schema schema;  // whole in itself: its references are resolved, its constants copied
};

validator::validator(std::string_view document, std::string_view definition) : state_(std::make_unique<state>()) {
    auto root = boost::json::parse(document);
    leave_out_formats(root);
    if (!root.as_object().at("$defs").as_object().contains(definition))
        throw std::invalid_argument("no schema is named " + std::string(definition));
    root.as_object()["$ref"] = "#/$defs/" + std::string(definition);
    try {
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        parser.populateSchema(BoostJsonAdapter(root), state_->schema);
    } catch (const std::exception& e) {
        throw std::invalid_argument("the schema " + std::string(definition) + " cannot be read: " + e.what());
    }
}

validator::validator(validator&&) noexcept = default;
validator::~validator() = default;

std::vector<fault> validator::check(json::value from) const {
    std::vector<fault> found;
    auto value = copy(from, {}, found);
    // It keeps the patterns it has met, and is not for several threads.
    thread_local valijson::Validator checks;
    // Of an object's unknown members it tells one: that one is taken out, and the rest looked at again.
    for (bool unknown = true; unknown && found.size() < most_faults;) {
        valijson::ValidationResults results;
        const bool good = checks.validate(state_->schema, BoostJsonAdapter(value), &results);
        unknown = false;
        for (const auto& each : results) {
            const std::string_view text = each.description;
            if (!text.starts_with("Object contains a property that could not be validated")) continue;
            const auto name = quoted_part(text.substr(text.find("constraints")));
            found.push_back({json::below(pointer_of(each.context), name), "is not a known field"});
            take_out(value, each.context, name);
            unknown = true;
        }
        if (unknown || good) continue;
        for (const auto& each : results)
            if (!repeats(each.description)) found.push_back(told(each));
        if (found.empty()) found.push_back({"", "does not have the form that is asked for"});
    }
    if (found.size() > most_faults) found.resize(most_faults);
    return found;
}

}  // namespace airi::schema
