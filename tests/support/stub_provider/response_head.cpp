#include "tests/support/stub_provider/response_head.hpp"

#include <chrono>

#include <fmt/format.h>

#include "tests/support/stub_provider/text.hpp"

namespace airi::stub_provider {
namespace {

std::string_view phrase_of(int status) {
    switch (status) {
        case 200: return "OK";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 413: return "Content Too Large";
        case 429: return "Too Many Requests";
        case 500: return "Internal Server Error";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        default: return "Unknown";
    }
}

const std::string& date_now() {
    static std::string text;
    static std::int64_t second = 0;
    const auto now = wall_clock::now();
    if (second != unix_seconds(now)) {
        second = unix_seconds(now);
        text = http_date(now);
    }
    return text;
}

void openai_limits(std::string& out, bool exhausted) {
    out += "x-ratelimit-limit-requests: 10000\r\nx-ratelimit-limit-tokens: 200000\r\n";
    out += exhausted ? "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-remaining-tokens: 0\r\n"
                     : "x-ratelimit-remaining-requests: 9999\r\nx-ratelimit-remaining-tokens: 199968\r\n";
    out += exhausted ? "x-ratelimit-reset-requests: 8.64s\r\nx-ratelimit-reset-tokens: 6m0s\r\n"
                     : "x-ratelimit-reset-requests: 8.64s\r\nx-ratelimit-reset-tokens: 9ms\r\n";
}

void anthropic_limits(std::string& out, bool exhausted) {
    const std::string reset = rfc3339(wall_clock::now() + std::chrono::seconds(exhausted ? 60 : 1));
    for (const std::string_view what : {"requests", "input-tokens", "output-tokens", "tokens"}) {
        out += fmt::format(
            "anthropic-ratelimit-{0}-limit: 4000\r\nanthropic-ratelimit-{0}-remaining: {1}\r\n"
            "anthropic-ratelimit-{0}-reset: {2}\r\n",
            what, exhausted ? 0 : 3999, reset);
    }
}

void provider_fields(std::string& out, const response_head& head, provider vendor) {
    const bool exhausted = head.status == 429;
    switch (vendor) {
        case provider::openai:
            out += fmt::format(
                "x-request-id: {}\r\nopenai-organization: stub\r\nopenai-processing-ms: 12\r\n"
                "openai-version: 2020-10-01\r\n",
                head.request_id);
            openai_limits(out, exhausted);
            break;
        case provider::groq:
            out += fmt::format("x-request-id: {}\r\nx-groq-region: fra\r\n", head.request_id);
            openai_limits(out, exhausted);
            break;
        case provider::azure:
            out += fmt::format(
                "apim-request-id: {0}\r\nx-request-id: {0}\r\nx-ms-region: Sweden Central\r\n"
                "x-ratelimit-remaining-requests: {1}\r\nx-ratelimit-remaining-tokens: {2}\r\n",
                head.request_id, exhausted ? 0 : 249, exhausted ? 0 : 249760);
            break;
        case provider::anthropic:
            out += fmt::format("request-id: {}\r\nanthropic-organization-id: stub\r\n", head.request_id);
            if (head.status == 429 || head.status >= 500) out += "x-should-retry: true\r\n";
            anthropic_limits(out, exhausted);
            break;
        case provider::ollama: break;
    }
}

void retry_after(std::string& out, provider vendor, const script& plan) {
    if (plan.retry_after < 0) return;
    if (plan.retry_after_date) {
        out += "retry-after: " + http_date(wall_clock::now() + std::chrono::seconds(plan.retry_after)) + "\r\n";
        return;
    }
    out += fmt::format("retry-after: {}\r\n", plan.retry_after);
    if (vendor == provider::azure) out += fmt::format("retry-after-ms: {}\r\n", plan.retry_after * 1000);
}

void begin(std::string& out, int status, std::string_view content_type) {
    out += fmt::format(
        "HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Type: {}\r\n", status, phrase_of(status), date_now(), content_type);
}

}  // namespace

std::string fresh_request_id(provider vendor) {
    switch (vendor) {
        case provider::azure: return fresh_uuid();
        case provider::anthropic: return "req_011C" + fresh_hex(20);
        case provider::groq: return "req_01" + fresh_hex(24);
        default: return "req_" + fresh_hex(32);
    }
}

std::string spelled(const response_head& head, provider vendor, const script& plan) {
    std::string out;
    begin(out, head.status, head.content_type);
    if (head.stream && vendor != provider::ollama) out += "Cache-Control: no-cache\r\n";
    provider_fields(out, head, vendor);
    if (head.status >= 400) retry_after(out, vendor, plan);
    out += head.length ? fmt::format("Content-Length: {}\r\n", *head.length) : "Transfer-Encoding: chunked\r\n";
    out += head.keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
    return out;
}

std::string control_head(int status, std::size_t length, bool keep_alive) {
    std::string out;
    begin(out, status, "application/json");
    return out +=
           fmt::format("Content-Length: {}\r\nConnection: {}\r\n\r\n", length, keep_alive ? "keep-alive" : "close");
}

}  // namespace airi::stub_provider
