#include "gateway/api/router.hpp"

namespace airi::gateway {
namespace {

std::optional<std::string_view> below_prefix(std::string_view path) {
    for (std::string_view prefix : {"/api/v1", "/api", "/v1"})
        if (path.starts_with(prefix) && path.size() > prefix.size() && path[prefix.size()] == '/')
            return path.substr(prefix.size());
    return std::nullopt;
}

void add_method(std::string& list, verb method) {
    constexpr std::string_view names[] = {"GET, HEAD", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    if (!list.empty()) list += ", ";
    list += names[static_cast<std::size_t>(method)];
}

}  // namespace

router::router(route_tables tables) : tables_(tables) {
    for (const auto& table : tables)
        for (const auto& row : table) add(row.path.starts_with('=') ? absolute_ : prefixed_, row);
}

void router::add(node& root, const route& row) {
    auto rest = row.path.substr(row.path.starts_with('=') ? 1 : 0);
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
    node->rows.push_back(&row);
}

// A literal part comes before a placeholder; when its rows have other methods only, the placeholder is tried.
bool router::look_below(const node& node, std::string_view rest, verb method, found_route& out) {
    if (rest.empty()) {
        for (const auto* row : node.rows) {
            if (row->method == method || (method == verb::head && row->method == verb::get)) {
                out.route = row;
                return true;
            }
            // The pages' pattern matches any name, so it does not make a path known.
            if (!row->path.starts_with("=/{")) add_method(out.methods, row->method);
        }
        return false;
    }
    if (rest.front() != '/') return false;
    rest.remove_prefix(1);
    const auto part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(part.size());
    if (const auto found = node.parts.find(part); found != node.parts.end())
        if (look_below(found->second, rest, method, out)) return true;
    if (!node.placeholder || part.empty()) return false;
    out.path.emplace_back(part);
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
