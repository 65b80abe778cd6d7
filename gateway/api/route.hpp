// A row of the route tables: which function or statement answers a method and path, for whom, under which limits. A
// data route is a row naming a statement; a command or anything else is a row naming a function. The OpenAPI document
// is made from the tables.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/frames/codec.hpp"
#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"
#include "platform/base/json.hpp"

namespace airi::gateway {

/// `session`: signed in by a person, not with an API key. `admin`: an admin or a super.
enum class access { anyone, signed_in, session, admin, super };

/// A request on its way through a route. Lives until the route has answered.
struct exchange {
    gateway::request request;
    std::vector<std::string> path;                          ///< the values of {placeholders}, in order
    std::map<std::string, std::string, std::less<>> query;  ///< the parameters its route knows, with their defaults
    std::shared_ptr<const account> caller;                  ///< set unless the route is for anyone
    std::optional<json::document> body;                     ///< parsed when the route takes a body
    gateway::services& services;
    bool passing = false;    ///< what was answered is about to change: it is not kept
    bool by_cookie = false;  ///< the caller showed a cookie, not a bearer token

    json::value json() const { return body ? body->root() : json::value{}; }
};

inline constexpr std::string_view json_media = "application/json";

using handler = awaitable<route_result> (*)(exchange&);

/// Without `run` the statement `name` answers. Its first row's first column is `data`, the second one (when there is
/// one) meta.next_cursor, a third one meta.generating; no row is a 404; `refusal(…)` in the first column is that
/// problem. Its parameters are taken by name: {placeholders} of the path, `body` (the whole validated body), `session`
/// and `address` (the caller's), parameters of the query, members of the body.
struct route {
    verb method;
    std::string_view path;       ///< below /api/v1, /api or /v1; or absolute with a leading '='
    std::string_view name = {};  ///< of the operation, and of the statement of a data route
    access who = access::signed_in;
    std::string_view group = {};  ///< rate group beside `api`
    handler run = nullptr;
    std::size_t body_limit = 0;           ///< bytes; 0: takes no body
    std::string_view takes = json_media;  ///< the body's media types, "image/png image/jpeg"; only JSON is parsed
    std::string_view body = {};           ///< the body's schema
    std::string_view query = {};          ///< the schema of the query's parameters, as members of an object
    std::string_view answers = {};        ///< the schema of `data`; "Name[]": a list with meta.next_cursor
    std::string_view media = {};          ///< further media types of the answer: "text/markdown text/event-stream"
    unsigned status = 200;                ///< of a data route's success
    std::string_view also = {};           ///< further statuses: "402 409"
    std::string_view about = {};          ///< for people, one line
    std::string (*announces)(std::string data) = nullptr;  ///< makes the frame that a success publishes to the caller's
                                                           ///< sockets; see `announce`
    bool as_openai = false;                                ///< errors in OpenAI's shape
    bool pending = false;                                  ///< also for a child whose parent has not agreed yet
    seconds keep{0};  ///< how long an answer is kept while nothing of the caller's changes; 0: it is not
};

/// For a row's `announces`: the frame whose one field is the answer's `data`.
template <class Frame>
std::string announce(std::string data) {
    return events::encode_frame(Frame{{std::move(data)}});
}

inline constexpr std::size_t small_body = 16 * 1024;

/// The words of a row's list ("402 409", "image/png image/jpeg").
std::vector<std::string_view> words_of(std::string_view list);

}  // namespace airi::gateway
