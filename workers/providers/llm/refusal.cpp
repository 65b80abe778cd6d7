#include "workers/providers/llm/refusal.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "platform/http/client.hpp"

namespace airi::workers::providers {
namespace {

constexpr milliseconds longest_pause = std::chrono::hours(1);

struct known_code {
    std::string_view part;
    errc meaning;
};

// Parts of the `type`, `code` and `innererror.code` that OpenAI, Azure, Groq, Anthropic and compatible servers use. The
// first one found counts.
constexpr known_code known_codes[] = {
    {"rate_limit", errc::rate_limited},
    {"quota", errc::rate_limited},
    {"tokens_exceeded", errc::rate_limited},
    {"overload", errc::overloaded},
    {"content_filter", errc::prompt_refused},
    {"content_policy", errc::prompt_refused},
    {"ResponsibleAI", errc::prompt_refused},
    {"safety", errc::prompt_refused},
    {"api_key", errc::unauthorized},
    {"authentication", errc::unauthorized},
    {"permission", errc::unauthorized},
    {"billing", errc::unauthorized},
    {"model", errc::bad_model},
    {"DeploymentNotFound", errc::bad_model},
    {"not_found", errc::bad_model},
    {"context_length", errc::prompt_refused},
    {"invalid_request", errc::prompt_refused},
    {"invalid_prompt", errc::prompt_refused},
};

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::optional<errc> meaning_of_code(std::string_view code) {
    for (const auto& known : known_codes)
        if (has(code, known.part)) return known.meaning;
    return std::nullopt;
}

std::optional<errc> meaning_of_message(std::string_view message) {
    if (has(message, "model") && (has(message, "not found") || has(message, "does not exist"))) return errc::bad_model;
    if (has(message, "credit balance")) return errc::unauthorized;
    return std::nullopt;
}

// The specific first: OpenAI's `type` is invalid_request_error for an unknown model too.
std::optional<errc> stated_meaning(json::value error) {
    if (const auto text = error.string()) return meaning_of_message(*text);
    const auto message = error["message"].string();
    if (message)
        if (const auto stated = meaning_of_message(*message)) return stated;
    if (error["param"].string() == "model") return errc::bad_model;
    for (const auto code : {error["innererror"]["code"], error["code"], error["type"]})
        if (const auto text = code.string())
            if (const auto stated = meaning_of_code(*text)) return stated;
    return std::nullopt;
}

template <class Int>
std::optional<Int> digits(std::string_view text) {
    Int out = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return out;
}

// Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110 5.6.7); no provider sends the two obsolete forms.
std::optional<instant> http_date(std::string_view text) {
    constexpr std::array<std::string_view, 12> months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (text.size() != 29 || text.substr(25) != " GMT" || text[19] != ':' || text[22] != ':') return std::nullopt;
    const auto month = std::ranges::find(months, text.substr(8, 3));
    const auto day = digits<unsigned>(text.substr(5, 2));
    const auto year = digits<int>(text.substr(12, 4));
    const auto hour = digits<int>(text.substr(17, 2));
    const auto minute = digits<int>(text.substr(20, 2));
    const auto second = digits<int>(text.substr(23, 2));
    if (month == months.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year),
        std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1), std::chrono::day(*day)};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) + seconds(*second);
}

}  // namespace

errc meaning_of_status(unsigned status, std::string_view body) {
    switch (status) {
        case 401:
        case 402:
        case 403: return errc::unauthorized;
        case 404: return errc::bad_model;
        case 408:
        case 409:
        case 425: return errc::unavailable;
        case 429: return errc::rate_limited;
        case 503:
        case 529: return errc::overloaded;
        default: break;
    }
    if (status >= 500) return errc::unavailable;
    if (status != 400 && status != 413 && status != 422) return errc::malformed;
    if (body.empty()) return errc::prompt_refused;
    const auto parsed = json::document::parse(body);
    const auto stated = parsed ? stated_meaning(parsed->root()["error"]) : std::nullopt;
    return stated == errc::bad_model || stated == errc::unauthorized ? *stated : errc::prompt_refused;
}

errc meaning_of_error(json::value error) {
    const auto code = error["code"];
    auto status = code.integer();
    if (!status && code.string()) status = digits<std::int64_t>(*code.string());
    const auto stated = stated_meaning(error);
    if (stated && stated != errc::prompt_refused) return *stated;
    if (status && *status >= 400 && *status < 600) return meaning_of_status(static_cast<unsigned>(*status), {});
    return stated.value_or(errc::unavailable);
}

errc meaning_of_transport(const error_code& ec, bool has_begun) {
    if (ec == http::errc::malformed || ec == http::errc::too_large) return errc::malformed;
    if (ec == http::errc::cut || ec == http::errc::cancelled) return errc::interrupted;
    if (ec == http::errc::gap_timeout || ec == http::errc::total_timeout)
        return has_begun ? errc::interrupted : errc::unavailable;
    return errc::unavailable;
}

milliseconds pause_asked(std::string_view retry_after_ms, std::string_view retry_after, instant now) {
    const auto bounded = [](double ms) {
        const bool sane = ms > 0;
        return sane ? milliseconds(static_cast<long long>(std::min(ms, double(longest_pause.count()))))
                    : milliseconds(0);
    };
    if (const auto ms = digits<double>(retry_after_ms)) return bounded(*ms);
    if (const auto s = digits<double>(retry_after)) return bounded(*s * 1000);
    if (const auto when = http_date(retry_after))
        return std::clamp(std::chrono::ceil<milliseconds>(*when - now), milliseconds(0), longest_pause);
    return milliseconds(0);
}

}  // namespace airi::workers::providers
