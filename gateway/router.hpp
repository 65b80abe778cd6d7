// The route table: which function or statement answers a method and path, who may ask, under which limits. A data route
// is a row naming a statement; a command or anything else is a row naming a function.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/problem.hpp"
#include "gateway/services.hpp"
#include "platform/base/json.hpp"

namespace airi::gateway {

enum class access { anyone, signed_in, admin };

/// A request on its way through a route. Lives until the route has answered.
struct exchange {
    request in;
    std::vector<std::string> path;              ///< the values of {placeholders}, in order
    std::shared_ptr<const account> caller;      ///< set unless the route is for anyone
    std::optional<json::document> body;         ///< parsed when the route takes a body
    services& use;

    json::value json() const { return body ? body->root() : json::value{}; }
};

using handler = awaitable<handled> (*)(exchange&);

/// The first column of the statement's first row is `data`, the second one (when there is one) meta.next_cursor; no row
/// is a 404. Parameters are taken by name: {placeholders}, then query parameters `limit` and `cursor`, then body members.
struct data {
    std::string_view statement;
    unsigned status = 200;
};

struct route {
    verb method;
    std::string_view path;         ///< below /api/v1, /api or /v1; or absolute with a leading '='
    access who = access::signed_in;
    std::string_view group = {};   ///< rate group beside `api`
    handler run = nullptr;         ///< or:
    data rows = {};
    std::size_t body_limit = 0;    ///< 0: takes none
    bool as_openai = false;        ///< errors in OpenAI's shape
};

struct found_route {
    const route* is = nullptr;
    std::vector<std::string> path;
    std::string methods;  ///< "GET, HEAD": what the path takes, when it takes another method only
};

/// Looks the path up in every table, with and without its prefix.
found_route find_route(verb, std::string_view path);
/// Every table, for the OpenAPI document and the tests.
std::span<const std::span<const route>> tables();

/// Answers a data route.
awaitable<handled> answer_data(exchange&, data);

}  // namespace airi::gateway
