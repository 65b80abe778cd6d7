// An error answer as a value, and the one mapping from failures to HTTP. Used by the routes and the dispatcher.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/http/application.hpp"
#include "platform/base/result.hpp"

namespace airi::gateway {

struct problem {
    unsigned status = 500;
    std::string code;                                     ///< UPPER_SNAKE
    std::string message;                                  ///< for people: the field and the rule, nothing internal
    std::string details = "null";                         ///< JSON
    std::optional<long long> retry_after = std::nullopt;  ///< seconds
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string param = {};  ///< the parameter at fault, in OpenAI's format: messages[2].content; empty: none
};

/// outage and again → 503 with Retry-After, refused → 400, missing → 404, broken and misconfigured → 500.
problem problem_of(const error_code&);

inline problem not_found(std::string object) { return {404, "NOT_FOUND", "no such " + object}; }
inline problem bad_request(std::string message) { return {400, "BAD_REQUEST", std::move(message)}; }
/// 400 in OpenAI's format, naming the parameter at fault.
problem openai_fault(std::string code, std::string param, std::string message);
/// One fault at a JSON pointer of the body.
problem invalid(std::string_view pointer, std::string_view message);
inline problem unauthenticated(std::string message = "a valid access token is required") {
    return {401, "UNAUTHENTICATED", std::move(message)};
}

inline problem consent_needed() {
    return {403, "CONSENT_NEEDED", "a parent must first consent through the link in the email"};
}

inline problem email_not_verified() {
    return {403, "EMAIL_NOT_VERIFIED", "verify your email address first, with the link in the mail or a new one"};
}

/// The problem in a statement's result, as the database's refusal() writes it; none when `data` is an answer.
std::optional<problem> refusal_of(std::string_view data);

/// {"success":true,"data":…} with `meta` when it is not empty.
response success(unsigned status, std::string_view data, std::string_view meta = {});
/// {"error":{message, type, param, code}}
std::string openai_error(const problem&);
/// The envelope, or OpenAI's error body.
response failure_response(const problem&, std::string_view request_id, bool openai_format);

using route_result = std::variant<answer, problem>;

}  // namespace airi::gateway
