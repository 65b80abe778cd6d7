#include "workers/email/mime_message.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace airi::workers::email {
namespace {

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}
bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

void append_escaped(std::string& out, char c) { out += fmt::format("={:02X}", static_cast<unsigned char>(c)); }

// RFC 2047 encoded words, each on a line of its own; no character is split.
std::string encoded_words(std::string_view text) {
    constexpr std::size_t longest = 60;
    std::string out, word;
    for (std::size_t start = 0; start < text.size();) {
        std::size_t end = start + 1;
        while (end < text.size() && continues(text[end])) ++end;
        std::string piece;
        for (const char c : text.substr(start, end - start)) {
            if (is_alnum(c))
                piece += c;
            else if (c == ' ')
                piece += '_';
            else
                append_escaped(piece, c);
        }
        if (12 + word.size() + piece.size() > longest) out += "=?utf-8?q?" + std::exchange(word, {}) + "?=\r\n ";
        word += piece;
        start = end;
    }
    return out + "=?utf-8?q?" + word + "?=";
}

std::string unstructured(std::string_view text) {
    if (text.size() <= 60 && is_printable(text) && text.find("=?") == text.npos) return std::string(text);
    return encoded_words(text);
}

std::string in_header(const mailbox& mailbox) {
    const auto address = '<' + mailbox.address + '>';
    if (mailbox.name.empty()) return mailbox.address;
    if (mailbox.name.size() > 60 || !is_printable(mailbox.name)) return encoded_words(mailbox.name) + "\r\n " + address;
    std::string out = "\"";
    for (const char c : mailbox.name) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\" " + address;
}

std::string quoted_printable(std::string_view text) {
    constexpr std::size_t longest = 75;
    std::string out, line;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n') {
            out += std::exchange(line, {}) + "\r\n";
            continue;
        }
        const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n';
        std::string piece;
        if (c == '=' || c < ' ' || c > '~' || (c == ' ' && ends_line))
            append_escaped(piece, c);
        else
            piece += c;
        if (line.size() + piece.size() > longest) out += std::exchange(line, {}) + "=\r\n";
        line += piece;
    }
    return out + line + "\r\n";
}

std::string part(std::string_view boundary, std::string_view type, std::string_view text) {
    return fmt::format(
        "--{}\r\nContent-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}", boundary,
        type, quoted_printable(text));
}

}  // namespace

bool is_address(std::string_view text) {
    const auto sign = text.rfind('@');
    if (sign == text.npos || sign == 0 || sign > 64 || text.size() > 254) return false;
    const auto dots_are_good = [](std::string_view s) {
        return !s.empty() && s.front() != '.' && s.back() != '.' && s.find("..") == s.npos;
    };
    const auto local = text.substr(0, sign), domain = text.substr(sign + 1);
    constexpr std::string_view atoms = ".!#$%&'*+-/=?^_`{|}~";
    return dots_are_good(local) && dots_are_good(domain) && domain.front() != '-' && domain.back() != '-' &&
           std::all_of(
               local.begin(), local.end(), [&](char c) { return is_alnum(c) || atoms.find(c) != atoms.npos; }) &&
           std::all_of(domain.begin(), domain.end(), [](char c) { return is_alnum(c) || c == '.' || c == '-'; });
}

std::optional<mailbox> parse_mailbox(std::string_view text) {
    mailbox out;
    if (const auto open = text.find('<'); open != text.npos) {
        if (!text.ends_with('>')) return std::nullopt;
        auto name = text.substr(0, open);
        while (name.ends_with(' ')) name.remove_suffix(1);
        if (name.size() >= 2 && name.starts_with('"') && name.ends_with('"')) name = name.substr(1, name.size() - 2);
        if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }))
            return std::nullopt;
        out.name = name;
        text = text.substr(open + 1, text.size() - open - 2);
    }
    if (!is_address(text)) return std::nullopt;
    out.address = text;
    return out;
}

std::string render(const mime_message& message) {
    const auto id = message.id.text();
    const auto boundary = "airi-" + id;
    const auto date = fmt::format(
        "{:%a, %d %b %Y %H:%M:%S} +0000", fmt::gmtime(static_cast<std::time_t>(unix_seconds(message.date))));
    return "From: " + in_header(message.from) + "\r\nTo: " + message.to +
           "\r\nSubject: " + unstructured(message.subject) + "\r\nDate: " + date + "\r\nMessage-ID: <" + id + '@' +
           std::string(message.from.domain()) + ">\r\nX-Airi-Event: " + id +
           "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; "
           "boundary=\"" +
           boundary + "\"\r\n\r\n" + part(boundary, "text/plain", message.text) +
           part(boundary, "text/html", message.html) + "--" + boundary + "--\r\n";
}

}  // namespace airi::workers::email
