// A row of the route tables: which function or statement answers a method and path, for whom and under which limits.
// Data routes name a statement, all others a function. The OpenAPI document is generated from the tables.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "events/frames/codec.hpp"
#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"
#include "platform/base/json.hpp"

namespace airi::gateway {

/// Beside `user`.
inline constexpr std::array<std::string_view, 3> roles{"crisis", "admin", "super"};

/// `session`: signed in by a person, not with an API key; so are those with a role, see roles_of.
enum class access { anyone, signed_in, session, crisis, evidence, admin, super };

/// The roles that reach a level; empty: all. Not even an administrator reads evidence.
constexpr std::span<const std::string_view> roles_of(access level) {
    switch (level) {
        case access::crisis: return roles;
        case access::evidence: return std::span(roles).first(1);
        case access::admin: return std::span(roles).last(2);
        case access::super: return std::span(roles).last(1);
        default: return {};
    }
}

struct route;

/// A request and what the dispatcher has found out about it. Lives until the route has answered.
struct exchange {
    const gateway::request& request;
    const gateway::route& route;
    std::vector<std::string> path;                          ///< the values of {placeholders}, in order
    std::map<std::string, std::string, std::less<>> query;  ///< the route's query parameters, with their defaults
    std::shared_ptr<const account> caller;                  ///< set unless the route is for anyone
    std::optional<json::document> body;                     ///< set when the route takes a JSON body and it has one
    gateway::services& services;
    bool transient = false;  ///< the response is about to change and must not be cached
    bool by_cookie = false;  ///< authenticated by cookie, not by bearer token
    /// Of a request with an Idempotency-Key: the same for its repetitions, as is the time at which the first one came.
    std::optional<uuid> seed = std::nullopt;
    std::optional<instant> first_arrived = std::nullopt;
    bool replayed = false;  ///< the answer is the first request's

    json::value json() const { return body ? body->root() : json::value{}; }
    /// The id of what the request creates.
    template <class Id>
    Id new_id() const {
        return seed ? Id::of(*seed, "created") : Id::fresh();
    }
    /// The client_message_id of a message whose body has none; empty: to be generated.
    std::string message_seed() const { return seed ? seed->text() : std::string{}; }
    instant arrived() const { return first_arrived.value_or(request.arrived); }

    /// The body as JSON text.
    std::string body_text() const { return request.body.empty() ? "{}" : request.body; }
    /// A member of the body that is a string; empty or nothing when it is not there.
    std::string text(std::string_view name) const { return optional_text(name).value_or(std::string{}); }
    std::optional<std::string> optional_text(std::string_view name) const {
        const auto found = json()[name].string();
        return found ? std::optional(std::string(*found)) : std::nullopt;
    }
};

inline constexpr std::string_view json_media = "application/json";

using route_handler = awaitable<route_result> (*)(exchange&);

/// Without `handler` the statement `name` answers. Its first row has up to three columns: `data`, meta.next_cursor and
/// an object of further members of meta; while its `generating` is not null the answer is not cached. No row is a 404;
/// `refusal(…)` in the first column is that problem. The statement's parameters are filled by name: {placeholders} of
/// the path, `body` (the whole validated body), `new_id` (of what is created), `session` and `address` (the caller's),
/// query parameters, members of the body.
struct route {
    verb method;
    std::string_view path;  ///< below /api/v1, /api or /v1; or absolute with a leading '='
    /// Further ways to it, separated by blanks, each with the placeholders of `path`; a method is named where it is
    /// another one: "/users/me PATCH /users/profile".
    std::string_view also = {};
    std::string_view name = {};  ///< of the operation, and of the statement of a data route
    gateway::access access = gateway::access::signed_in;
    bool of_any_user = false;  ///< the path's {id} is the caller or, for administrators, any user
    bool fresh = false;   ///< changes a credential: only within minutes of a proof of identity, see fresh_proof.hpp
    bool proves = false;  ///< a `password` or `code` in its body is such a proof
    std::string_view scope = {};       ///< required of API keys; empty: `read` for GET and HEAD, `write` otherwise
    std::string_view needs = {};       ///< a feature flag: 402 or 403 where it is off for the caller
    std::string_view rate_group = {};  ///< counted beside `api`; for unauthenticated requests instead of `anonymous`
    bool sends_message = false;        ///< takes rate limits and quota itself; the workers invalidate cached responses
    std::string_view unkeyed = {};     ///< why a POST ignores Idempotency-Key; empty: it takes one
    route_handler handler = nullptr;
    std::size_t body_limit = 0;                 ///< bytes; 0: takes no body
    std::string_view media_types = json_media;  ///< of the body, "image/png image/jpeg"; only JSON is parsed
    std::string_view body = {};                 ///< the body's schema
    std::string_view query = {};                ///< the schema of the query parameters, as members of an object
    std::string_view response = {};             ///< the schema of `data`; "Name[]": a list with meta.next_cursor
    bool issues_tokens = false;                 ///< X-Token-Transport chooses between the body and cookies
    std::string_view response_media = {};  ///< further media types of the response: "text/markdown text/event-stream"
    unsigned status = 200;                 ///< of a data route's success
    std::string_view other_statuses = {};  ///< "402 409", for the OpenAPI document
    std::string_view summary = {};         ///< one line of the OpenAPI document
    /// Makes the frame that a success publishes to the caller's sockets; see frame_of_data.
    std::string (*broadcasts)(std::string data) = nullptr;
    /// Of a data route: opens what its statement's `data` has sealed.
    std::string (*opens)(exchange&, json::value data) = nullptr;
    bool openai_format = false;   ///< responses and errors have OpenAI's shape
    bool bare = false;            ///< a success is the data itself, without an envelope; the next page is in Link
    bool opens_socket = false;    ///< WebSocket handshakes are accepted at its paths
    bool allows_pending = false;  ///< also for a child whose parent has not consented yet
    bool proved = false;          ///< only for a caller who has proved their e-mail address: it makes a credential
    seconds cache_for{0};         ///< while nothing of the caller's changes; 0: not cached
};

/// For a row's `broadcasts`: the frame whose one field is the response's `data`.
template <class Frame>
std::string frame_of_data(std::string data) {
    return events::encode_frame(Frame{{std::move(data)}});
}

/// For bodies whose strings are as long as their schema allows, each character escaped: 12 bytes.
inline constexpr std::size_t small_body = 16 * 1024, text_body = 128 * 1024;

}  // namespace airi::gateway
