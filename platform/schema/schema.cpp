// Otherwise the library terminates the process on an error.
#define VALIJSON_USE_EXCEPTIONS 1

#include "platform/schema/schema.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <new>
#include <stdexcept>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/constraint_builder.hpp>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "platform/schema/formats.hpp"

namespace airi::schema {
namespace {

using valijson::adapters::BoostJsonAdapter;

constexpr std::size_t max_faults = 20;

// Converts the value to the type that valijson reads; adds a fault for each duplicate member.
boost::json::value copy(json::value from, const std::string& pointer, std::vector<fault>& faults) {
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
                out.push_back(copy(one, json::below(pointer, std::to_string(out.size())), faults));
            });
            return out;
        }
        case json::kind::object: break;
    }
    boost::json::object out;
    from.members([&](std::string_view name, json::value one) {
        const auto here = json::below(pointer, name);
        if (!out.emplace(name, copy(one, here, faults)).second) faults.push_back({here, "is given more than once"});
    });
    return out;
}

// valijson requires every value that has a format to be a string, and knows February 30: its `format` is renamed, and
// the constraint below stands for it.
constexpr const char* own_format = "airi-format";

void rename_formats(boost::json::value& schema, const std::string& pointer) {
    if (auto* list = schema.if_array())
        for (std::size_t i = 0; i < list->size(); ++i)
            rename_formats(list->at(i), json::below(pointer, std::to_string(i)));
    auto* object = schema.if_object();
    if (!object) return;
    if (const auto* format = object->if_contains("format"); format && format->is_string()) {
        const std::string name(format->as_string());
        if (!find_format(name))
            throw std::invalid_argument(
                pointer + ": nothing checks the format \"" + name + "\"; add it to platform/schema/formats.cpp");
        object->erase("format");
        object->emplace(own_format, name);
    }
    for (auto& each : *object) rename_formats(each.value(), json::below(pointer, each.key()));
}

class format_constraint final : public valijson::constraints::PolyConstraint {
public:
    explicit format_constraint(const format& by) : by_(&by) {}

    bool validate(const valijson::adapters::Adapter& target, const std::vector<std::string>& context,
        valijson::ValidationResults* results) const override {
        if (!target.isString() || by_->fits(target.asString())) return true;
        if (results) results->pushError(context, std::string(by_->fault));
        return false;
    }

private:
    Constraint* cloneInto(void* at) const override { return new (at) format_constraint(*this); }
    std::size_t sizeOf() const override { return sizeof *this; }

    const format* by_;
};

struct format_builder final : valijson::ConstraintBuilder {
    valijson::constraints::Constraint* make(const valijson::adapters::Adapter& name) const override {
        return new format_constraint(*find_format(name.asString()));
    }
};

// The JSON pointer of valijson's context, which is "<root>", "[a]", "[0]".
std::string pointer_of(const std::vector<std::string>& context) {
    std::string out;
    for (std::size_t i = 1; i < context.size(); ++i)
        out = json::below(out, std::string_view(context[i]).substr(1, context[i].size() - 2));
    return out;
}

// Removes the member `name` of the object at `context`.
void remove_member(boost::json::value& from, const std::vector<std::string>& context, std::string_view name) {
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

// True for an error that a parent adds when its child already has one.
bool repeats_child(std::string_view text) {
    return text.starts_with("Failed to validate against schema associated") ||
           text.starts_with("Failed to validate against child schema") ||
           text.starts_with("Failed to validate item #") ||
           text.starts_with("Failed to validate against any allowed types");
}

// True for a pattern that is not matched where the format, whose message is clearer, has a fault too.
bool repeats_format(const valijson::ValidationResults::Error& error, const valijson::ValidationResults& all) {
    return error.description.starts_with("Failed to match regex") &&
           std::any_of(all.begin(), all.end(), [&](const auto& other) {
               return other.description.starts_with("is not a") && other.context == error.context;
           });
}

fault fault_of(const valijson::ValidationResults::Error& error) {
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
    valijson::Schema schema;  // self-contained: references are resolved, constants copied
};

validator::validator(std::string_view document, std::string_view definition) : state_(std::make_unique<state>()) {
    auto root = boost::json::parse(document);
    rename_formats(root, {});
    if (!root.as_object().at("$defs").as_object().contains(definition))
        throw std::invalid_argument("there is no schema named " + std::string(definition));
    root.as_object()["$ref"] = "#/$defs/" + std::string(definition);
    try {
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        parser.addConstraintBuilder(own_format, new format_builder);  // the parser deletes it
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
    // The validator caches compiled patterns and is not thread safe.
    thread_local valijson::Validator checker;
    // It reports only one unknown member of an object, so that member is removed and the value validated again.
    for (bool unknown = true; unknown && found.size() < max_faults;) {
        valijson::ValidationResults results;
        const bool good = checker.validate(state_->schema, BoostJsonAdapter(value), &results);
        unknown = false;
        for (const auto& each : results) {
            const std::string_view text = each.description;
            if (!text.starts_with("Object contains a property that could not be validated")) continue;
            const auto name = quoted_part(text.substr(text.find("constraints")));
            found.push_back({json::below(pointer_of(each.context), name), "is not a known field"});
            remove_member(value, each.context, name);
            unknown = true;
        }
        if (unknown || good) continue;
        for (const auto& each : results)
            if (!repeats_child(each.description) && !repeats_format(each, results)) found.push_back(fault_of(each));
        if (found.empty()) found.push_back({"", "does not have the form that is asked for"});
    }
    if (found.size() > max_faults) found.resize(max_faults);
    return found;
}

}  // namespace airi::schema
