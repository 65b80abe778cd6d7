#include "platform/schema/formats.hpp"

#include <algorithm>
#include <array>

#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi::schema {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_letter(c) || is_digit(c); }

// Calls `fits` with each part between the separators; true if all fit.
template <class Fits>
bool all_parts(std::string_view text, char separator, Fits fits) {
    for (;;) {
        const auto end = text.find(separator);
        if (!fits(text.substr(0, end))) return false;
        if (end == text.npos) return true;
        text.remove_prefix(end + 1);
    }
}

bool anything(std::string_view) { return true; }

// Some systems separate date and time by a space, which RFC 3339 mentions and its grammar does not have.
bool is_date_time(std::string_view text) {
    return text.size() > 10 && text[10] != ' ' && parse_instant(text).has_value();
}

bool is_date(std::string_view text) {
    return text.size() == 10 && parse_instant(std::string(text) + "T00:00:00Z").has_value();
}

bool is_uuid(std::string_view text) { return uuid::parse(text).has_value(); }

// "time|id" of a row, as meta.next_cursor has it: the time as Postgres writes it, whose offset may lack the minutes,
// or as the API does. The casts in the statement do not suffice: for a list without rows Postgres evaluates them with
// some plans only.
bool is_cursor(std::string_view text) {
    const auto end = text.find('|');
    if (end == text.npos || !is_uuid(text.substr(end + 1))) return false;
    std::string time(text.substr(0, end));
    if (time == "infinity" || is_date(time)) return true;
    const auto sign = time.find_last_of("+-");
    if (sign != time.npos && sign + 3 == time.size()) time += ":00";
    return parse_instant(time).has_value();
}

bool is_host_label(std::string_view label) {
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_email(std::string_view text) {
    constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~";
    const auto at = text.rfind('@');
    if (at == text.npos || at > 64 || text.size() > 254) return false;
    const auto host = text.substr(at + 1);
    const auto is_atom = [&](std::string_view part) {
        return !part.empty() && std::all_of(part.begin(), part.end(),
                                    [&](char c) { return is_alphanumeric(c) || others.find(c) != others.npos; });
    };
    return all_parts(text.substr(0, at), '.', is_atom) && host.find('.') != host.npos &&
           all_parts(host, '.', is_host_label);
}

// Names and titles: shown in lists, in mails, to other people.
bool is_line(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
        if (byte(i) < 0x20 || byte(i) == 0x7f) return false;
        if (byte(i) == 0xC2 && byte(i + 1) < 0xA0) return false;                                   // U+0080 to U+009F
        if (byte(i) == 0xE2 && byte(i + 1) == 0x80 && (byte(i + 2) & 0xFE) == 0xA8) return false;  // U+2028, U+2029
    }
    return true;
}

bool is_uri(std::string_view text) {
    constexpr std::string_view others = "-._~:/?#[]@!$&'()*+,;=";
    const auto scheme = text.substr(0, text.find(':'));
    if (scheme.size() == text.size() || scheme.empty() || !is_letter(scheme.front())) return false;
    if (!std::all_of(scheme.begin(), scheme.end(),
            [](char c) { return is_alphanumeric(c) || c == '+' || c == '-' || c == '.'; }))
        return false;
    const auto is_hex = [&](std::size_t at) {
        return at < text.size() && (is_digit(text[at]) || (is_letter(text[at]) && (text[at] | 0x20) <= 'f'));
    };
    for (std::size_t i = scheme.size(); i < text.size(); ++i) {
        if (text[i] == '%' ? !is_hex(i + 1) || !is_hex(i + 2)
                           : !is_alphanumeric(text[i]) && others.find(text[i]) == others.npos)
            return false;
    }
    return std::count(text.begin(), text.end(), '#') <= 1;
}

constexpr std::array all{
    format{"date", is_date, "is not a date (2026-01-31)"},
    format{"date-time", is_date_time, "is not a time as in RFC 3339 (2026-01-31T12:00:00Z)"},
    format{"uuid", is_uuid, "is not a UUID"},
    format{"cursor", is_cursor, "is not a cursor from meta.next_cursor"},
    format{"email", is_email, "is not an e-mail address"},
    format{"line", is_line, "must be one line without control characters"},
    format{"uri", is_uri, "is not an absolute URI"},
    format{"password", anything, ""},  // it says how to show a form's field
    format{"binary", anything, ""},
};

}  // namespace

const format* find_format(std::string_view name) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const format& one) { return one.name == name; });
    return found == all.end() ? nullptr : &*found;
}

}  // namespace airi::schema
