// Which row of the tables answers a method and path, with and without its prefix. Built once, read by every thread.
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

struct found_route {
    const gateway::route* route = nullptr;
    std::vector<std::string> path;  ///< the values of {placeholders}, in order
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
        std::vector<const route*> rows;
    };
    static void add(node& root, const route&);
    static bool look_below(const node&, std::string_view rest, verb, found_route& out);

    route_tables tables_;
    node absolute_, prefixed_;
};

}  // namespace airi::gateway
