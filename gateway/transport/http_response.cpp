#include "gateway/transport/http_response.hpp"

#include <algorithm>
#include <charconv>

#include "platform/base/ascii.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"

namespace airi::gateway {
namespace {

std::string_view phrase(unsigned status) noexcept {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 206: return "Partial Content";
        case 301: return "Moved Permanently";
        case 302: return "Found";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 307: return "Temporary Redirect";
        case 308: return "Permanent Redirect";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 402: return "Payment Required";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 410: return "Gone";
        case 411: return "Length Required";
        case 412: return "Precondition Failed";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 417: return "Expectation Failed";
        case 421: return "Misdirected Request";
        case 422: return "Unprocessable Content";
        case 426: return "Upgrade Required";
        case 428: return "Precondition Required";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        case 505: return "HTTP Version Not Supported";
        default: return "";  // RFC 9112 4 allows an empty phrase
    }
}

void line(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

void number(std::string& out, std::size_t value) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
}

bool is_valid_header(std::string_view name, std::string_view value) {
    const auto token = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    const auto shown = [](char c) { return static_cast<unsigned char>(c) >= 0x20 || c == '\t'; };
    return !name.empty() && std::all_of(name.begin(), name.end(), token) &&
           std::all_of(value.begin(), value.end(), shown) && !same_text(name, "content-length") &&
           !same_text(name, "transfer-encoding") && !same_text(name, "connection");
}

void append_security(std::string& out, const response& answer, const security_headers& headers) {
    const auto brings = [&](std::string_view name) {
        return std::any_of(
            answer.headers.begin(), answer.headers.end(), [&](const auto& own) { return same_text(own.first, name); });
    };
    const auto overridden = [&](const auto& one) { return brings(one.first); };
    if (answer.headers.empty() || std::none_of(headers.all().begin(), headers.all().end(), overridden)) {
        out += headers.lines();
        return;
    }
    for (const auto& [name, value] : headers.all())
        if (!brings(name)) line(out, name, value);
}

}  // namespace

void add_stream_headers(response& head) {
    if (!head.content_type.starts_with("text/event-stream")) return;
    head.headers.emplace_back("X-Accel-Buffering", "no");
    head.headers.emplace_back("Cache-Control", "no-cache, no-transform");
}

void append_chunk(std::string& out, std::string_view piece) {
    char digits[16];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, piece.size(), 16).ptr).append("\r\n");
    out.append(piece).append("\r\n");
}

bool may_have_body(unsigned status) noexcept { return status >= 200 && status != 204 && status != 304; }

void append_head(std::string& out, const response& answer, const head_facts& facts) {
    out += facts.http_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ";
    number(out, answer.status);
    out.append(" ").append(phrase(answer.status)).append("\r\n");
    line(out, "Date", facts.date);
    append_security(out, answer, *facts.security);
    line(out, "X-Request-Id", facts.request_id);
    if (may_have_body(answer.status) && is_valid_header("Content-Type", answer.content_type) &&
        !answer.content_type.empty())
        line(out, "Content-Type", answer.content_type);
    for (const auto& [name, value] : answer.headers) {
        if (is_valid_header(name, value))
            line(out, name, value);
        else
            log::warn("gateway.bad_header", {{"name", name}, {"request_id", facts.request_id}});
    }
    if (facts.length && may_have_body(answer.status)) {
        out += "Content-Length: ";
        number(out, *facts.length);
        out += "\r\n";
    }
    if (facts.chunked) out += "Transfer-Encoding: chunked\r\n";
    if (!facts.keep_alive)
        out += "Connection: close\r\n";
    else if (facts.http_1_0)
        out += "Connection: keep-alive\r\n";
    out += "\r\n";
}

response error_answer(const refusal& refusal, std::string_view request_id) {
    response out;
    out.status = refusal.status;
    json::object error, whole;
    error.add("code", refusal.code).add("message", refusal.message).add_raw("details", "null");
    out.body = whole.add("success", false).add_raw("error", error.text()).add("request_id", request_id).text();
    if (refusal.status == 405) out.headers.emplace_back("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    return out;
}

}  // namespace airi::gateway
