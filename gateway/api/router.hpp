// Finds the row of the tables that answers a method and path, by its own or by another way, with and without its
// prefix. Built once, read by every thread.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/api/route.hpp"

namespace airi::gateway {

using route_tables = std::span<const std::span<const route>>;

/// A method and path that reach a route.
struct way {
    verb method;
    std::string_view path;
};

/// "GET", and so on.
std::string_view name_of(verb);
/// The route's own path with its placeholders, "/api/v1/conversations/{id}"; empty for none.
std::string template_of(const route*);

/// The route's own way, then those of its `also`. Throws std::invalid_argument when that is malformed.
std::vector<way> ways_to(const route&);

struct found_route {
    const gateway::route* route = nullptr;
    std::vector<std::string> path;  ///< the values of {placeholders}, decoded, in order
    std::string methods;            ///< "GET, HEAD": those of the path, when there is no row for the method asked for
};

class router {
public:
    /// The tables must outlive it.
    explicit router(route_tables tables);

    found_route find(verb, std::string_view path) const;
    route_tables tables() const { return tables_; }

private:
    struct node {
        std::map<std::string, node, std::less<>> parts;
        std::unique_ptr<node> placeholder;
        std::vector<std::pair<verb, const route*>> rows;
    };
    static void add(node& root, way, const route&);
    static bool look_below(const node&, std::string_view rest, verb, found_route& out);

    route_tables tables_;
    node absolute_, prefixed_;
};

}  // namespace airi::gateway
