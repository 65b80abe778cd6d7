#include "gateway/api/router.hpp"

#include <algorithm>
#include <stdexcept>

#include "platform/base/split.hpp"

namespace airi::gateway {
namespace {

constexpr std::string_view method_names[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

verb method_named(std::string_view name) {
    const auto found = std::find(std::begin(method_names), std::end(method_names), name);
    if (found == std::end(method_names)) throw std::invalid_argument("no method is named " + std::string(name));
    return static_cast<verb>(found - std::begin(method_names));
}

std::optional<std::string_view> below_prefix(std::string_view path) {
    for (std::string_view prefix : {"/api/v1", "/api", "/v1"})
        if (path.starts_with(prefix) && path.size() > prefix.size() && path[prefix.size()] == '/')
            return path.substr(prefix.size());
    // Documented without a prefix.
    if (path.starts_with("/auth/")) return path;
    return std::nullopt;
}

// A part of a request's path as it was before its encoding.
std::string decoded_part(std::string_view part) {
    std::string out;
    out.reserve(part.size());
    for (std::size_t at = 0; at < part.size();) {
        const auto encoded = part.substr(at, 3);
        if (encoded == "%2F" || encoded == "%25") {
            out += encoded == "%2F" ? '/' : '%';
            at += 3;
        } else {
            out += part[at++];
        }
    }
    return out;
}

void add_method(std::string& list, verb method) {
    if (!list.empty()) list += ", ";
    list += method_names[static_cast<std::size_t>(method)];
    if (method == verb::get) list += ", HEAD";
}

}  // namespace

std::string_view name_of(verb method) { return method_names[static_cast<std::size_t>(method)]; }

std::string template_of(const route* row) {
    if (!row) return {};
    return row->path.starts_with('=') ? std::string(row->path.substr(1)) : "/api/v1" + std::string(row->path);
}

std::vector<way> ways_to(const route& row) {
    std::vector<way> out{{row.method, row.path}};
    auto method = row.method;
    for (const auto part : split(row.also, ' ')) {
        const bool path = part.starts_with('/') || part.starts_with('=');
        if (path) out.push_back({method, part});
        method = path ? row.method : method_named(part);
    }
    return out;
}

router::router(route_tables tables) : tables_(tables) {
    for (const auto& table : tables)
        for (const auto& row : table)
            for (const auto& way : ways_to(row)) add(way.path.starts_with('=') ? absolute_ : prefixed_, way, row);
}

void router::add(node& root, way way, const route& row) {
    auto rest = way.path.substr(way.path.starts_with('=') ? 1 : 0);
    auto* node = &root;
    while (!rest.empty()) {
        rest.remove_prefix(1);
        const auto part = rest.substr(0, rest.find('/'));
        if (part.starts_with('{')) {
            if (!node->placeholder) node->placeholder = std::make_unique<router::node>();
            node = node->placeholder.get();
        } else {
            node = &node->parts[std::string(part)];
        }
        rest.remove_prefix(part.size());
    }
    node->rows.emplace_back(way.method, &row);
}

// A literal part comes before a placeholder, which is tried only when the literal leads to no path.
bool router::look_below(const node& node, std::string_view rest, verb method, found_route& out) {
    if (rest.empty()) {
        for (const auto& [known, row] : node.rows) {
            if (known == method || (method == verb::head && known == verb::get)) {
                out.route = row;
                return true;
            }
            // The pages' pattern matches any name, so it does not make a path known.
            if (!row->path.starts_with("=/{")) add_method(out.methods, known);
        }
        return false;
    }
    if (rest.front() != '/') return false;
    rest.remove_prefix(1);
    const auto part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(part.size());
    if (const auto found = node.parts.find(part); found != node.parts.end()) {
        if (look_below(found->second, rest, method, out)) return true;
        if (!out.methods.empty()) return false;
    }
    if (!node.placeholder || part.empty()) return false;
    out.path.push_back(decoded_part(part));
    if (look_below(*node.placeholder, rest, method, out)) return true;
    out.path.pop_back();
    return false;
}

found_route router::find(verb method, std::string_view path) const {
    found_route out;
    if (path.empty() || look_below(absolute_, path, method, out)) return out;
    if (const auto below = below_prefix(path)) look_below(prefixed_, *below, method, out);
    return out;
}

}  // namespace airi::gateway
