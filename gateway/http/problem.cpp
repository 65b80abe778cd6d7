#include "gateway/http/problem.hpp"

#include "platform/base/json.hpp"

namespace airi::gateway {
namespace {

// https://platform.openai.com/docs/guides/error-codes: the types official clients know.
std::string_view openai_type(unsigned status) {
    if (status == 401) return "authentication_error";
    if (status == 403) return "permission_error";
    if (status == 404) return "not_found_error";
    if (status == 429) return "rate_limit_error";
    return status >= 500 ? "server_error" : "invalid_request_error";
}

}  // namespace

problem problem_of(const error_code& ec) {
    switch (failure_of(ec)) {
        case failure::outage: return {503, "UNAVAILABLE", "a required service is unavailable, try again", "null", 2};
        case failure::again: return {503, "TRY_AGAIN", "the request could not be completed now, try again", "null", 1};
        case failure::refused: return {400, "REFUSED", "the request was rejected"};
        case failure::missing: return not_found("object");
        case failure::broken:
        case failure::misconfigured: break;
    }
    return {500, "INTERNAL_ERROR", "an internal error occurred"};
}

problem invalid(std::string_view pointer, std::string_view message) {
    auto fault = json::array().add(json::object().add("pointer", pointer).add("message", message));
    return {422, "VALIDATION_FAILED", std::string(message), fault.text()};
}

problem openai_fault(std::string code, std::string param, std::string message) {
    problem out{400, std::move(code), std::move(message)};
    out.param = std::move(param);
    return out;
}

std::optional<problem> refusal_of(std::string_view data) {
    if (!data.starts_with(R"({"problem" : )")) return std::nullopt;
    const auto parsed = json::document::parse(data);
    const auto p = parsed->root()["problem"];
    problem out{static_cast<unsigned>(p["status"].integer().value_or(500)),
        std::string(p["code"].string().value_or("")), std::string(p["message"].string().value_or(""))};
    out.retry_after = p["retry_after"].integer();
    if (p["details"].exists()) out.details = p["details"].text();
    return out;
}

response success(unsigned status, std::string_view data, std::string_view meta) {
    json::object body;
    body.add("success", true).add_raw("data", data);
    if (!meta.empty()) body.add_raw("meta", meta);
    response out;
    out.status = status;
    out.body = body.text();
    return out;
}

std::string openai_error(const problem& p) {
    const auto error = json::object()
                           .add("message", p.message)
                           .add("type", openai_type(p.status))
                           .add("param", p.param.empty() ? std::optional<std::string>{} : p.param)
                           .add("code", p.code)
                           .text();
    return json::object().add_raw("error", error).text();
}

response failure_response(const problem& p, std::string_view request_id, bool openai_format) {
    response out;
    out.status = p.status;
    if (openai_format) {
        out.body = openai_error(p);
        // Final rejections: the SDKs would retry a 429 or 409 otherwise.
        if (p.status < 500 && !p.retry_after) out.headers.emplace_back("x-should-retry", "false");
    } else {
        const auto error =
            json::object().add("code", p.code).add("message", p.message).add_raw("details", p.details).text();
        out.body = json::object().add("success", false).add_raw("error", error).add("request_id", request_id).text();
    }
    out.headers.insert(out.headers.end(), p.headers.begin(), p.headers.end());
    if (p.retry_after) out.headers.emplace_back("Retry-After", std::to_string(*p.retry_after));
    if (p.status == 401) out.headers.emplace_back("WWW-Authenticate", "Bearer");
    return out;
}

}  // namespace airi::gateway
