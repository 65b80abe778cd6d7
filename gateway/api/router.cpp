#include "gateway/api/router.hpp"

#include <algorithm>

namespace airi::gateway {
namespace {

std::optional<std::string_view> below_prefix(std::string_view path) {
    for (std::string_view prefix : {"/api/v1", "/api", "/v1"})
        if (path.starts_with(prefix) && path.size() > prefix.size() && path[prefix.size()] == '/')
            return path.substr(prefix.size());
    return std::nullopt;
}

void add_method(std::string& to, verb method) {
    constexpr std::string_view names[] = {"GET, HEAD", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    if (!to.empty()) to += ", ";
    to += names[static_cast<std::size_t>(method)];
}

}  // namespace

std::vector<std::string_view> words_of(std::string_view list) {
    std::vector<std::string_view> out;
    while (!list.empty()) {
        const auto word = list.substr(0, list.find(' '));
        if (!word.empty()) out.push_back(word);
        list.remove_prefix(std::min(list.size(), word.size() + 1));
    }
    return out;
}

router::router(route_tables tables) : tables_(tables) {
    for (const auto& table : tables)
        for (const auto& row : table) add(row.path.starts_with('=') ? absolute_ : prefixed_, row);
}

void router::add(node& to, const route& row) {
    auto rest = row.path.substr(row.path.starts_with('=') ? 1 : 0);
    auto* at = &to;
    while (!rest.empty()) {
        rest.remove_prefix(1);
        const auto part = rest.substr(0, rest.find('/'));
        if (part.starts_with('{')) {
            if (!at->placeholder) at->placeholder = std::make_unique<node>();
            at = at->placeholder.get();
        } else {
            at = &at->parts[std::string(part)];
        }
        rest.remove_prefix(part.size());
    }
    at->rows.push_back(&row);
}

// A literal part comes before a placeholder; one whose rows take other methods leaves the choice to the placeholder.
bool router::look(const node& at, std::string_view rest, verb method, found_route& out) {
    if (rest.empty()) {
        for (const auto* row : at.rows) {
            if (row->method == method || (method == verb::head && row->method == verb::get)) {
                out.is = row;
                return true;
            }
            // The pages' pattern takes any name, so it says nothing about a path being known.
            if (!row->path.starts_with("=/{")) add_method(out.methods, row->method);
        }
        return false;
    }
    if (rest.front() != '/') return false;
    rest.remove_prefix(1);
    const auto part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(part.size());
    if (const auto found = at.parts.find(part); found != at.parts.end())
        if (look(found->second, rest, method, out)) return true;
    if (!at.placeholder || part.empty()) return false;
    out.path.emplace_back(part);
    if (look(*at.placeholder, rest, method, out)) return true;
    out.path.pop_back();
    return false;
}

found_route router::find(verb method, std::string_view path) const {
    found_route out;
    if (path.empty() || look(absolute_, path, method, out)) return out;
    if (const auto below = below_prefix(path)) look(prefixed_, *below, method, out);
    return out;
}

}  // namespace airi::gateway
