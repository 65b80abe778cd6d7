#include "gateway/http/json_checks.hpp"

#include <algorithm>
#include <vector>

namespace airi::gateway {
namespace {

constexpr std::size_t most_faults = 10;

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

std::optional<std::string> find_nul(json::value in, const std::string& at) {
    if (const auto text = in.string()) return has_nul(*text) ? std::optional(at) : std::nullopt;
    std::optional<std::string> found;
    std::size_t index = 0;
    in.each([&](json::value one) {
        if (!found) found = find_nul(one, at + "/" + std::to_string(index));
        ++index;
    });
    in.members([&](std::string_view name, json::value one) {
        if (found) return;
        const auto here = json::below(at, name);
        found = has_nul(name) ? std::optional(here) : find_nul(one, here);
    });
    return found;
}

}  // namespace

std::optional<problem> refuse_nul(std::string_view text, json::value root) {
    // JSON can only write it with this escape, so most bodies need no walk.
    if (text.find("\\u0000") == std::string_view::npos) return std::nullopt;
    const auto found = find_nul(root, {});
    return found ? std::optional(invalid(*found, "must not contain NUL characters")) : std::nullopt;
}

std::optional<problem> refuse_unknown(
    json::value object, std::span<const std::string_view> known, std::string_view at) {
    std::vector<std::string_view> seen;
    json::array faults;
    std::size_t count = 0;
    object.members([&](std::string_view name, json::value) {
        const bool unknown = std::find(known.begin(), known.end(), name) == known.end();
        const bool repeated = !unknown && std::find(seen.begin(), seen.end(), name) != seen.end();
        if (!unknown) seen.push_back(name);
        if ((!unknown && !repeated) || ++count > most_faults) return;
        faults.add(json::object()
                .add("pointer", json::below(at, name))
                .add("message", repeated ? "is given more than once" : "is not a known field"));
    });
    if (count == 0) return std::nullopt;
    return problem{422, "VALIDATION_FAILED", "the body has unknown or repeated fields", faults.text()};
}

}  // namespace airi::gateway
