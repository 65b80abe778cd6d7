#include "workers/runtime/texts.hpp"

#include <algorithm>

#include "platform/base/ascii.hpp"
#include "platform/base/json.hpp"

namespace airi::workers {
namespace {

// A name given at sign-up must not lead somebody else to a page.
std::string cleaned(std::string_view text) {
    if (const auto when = parse_instant(text)) return to_the_minute(*when);
    std::string out(text);
    for (char& c : out)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) c = ' ';
    if (out.size() > 200) {
        std::size_t end = 200;
        while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0) == 0x80) --end;
        out.resize(end);
    }
    out.erase(0, std::min(out.find_first_not_of(' '), out.size()));
    out.erase(out.find_last_not_of(' ') + 1);
    return out.find("://") == out.npos && out.find("www.") == out.npos ? out : std::string{};
}

}  // namespace

std::string to_the_minute(instant when) {
    const auto text = to_text(when);
    return text.substr(0, 10) + ' ' + text.substr(11, 5) + " UTC";
}

std::optional<found_text> find_text(
    std::span<const embedded_file> files, std::string_view kind, std::string_view locale) {
    for (const auto& tag :
        {std::string(locale), std::string(locale.substr(0, locale.find_first_of("-_"))), std::string("en")}) {
        auto language = lowered(tag);
        const auto name = std::string(kind) + '.' + language + ".txt";
        const auto found =
            std::find_if(files.begin(), files.end(), [&](const auto& file) { return file.name == name; });
        if (found != files.end()) return found_text{found->text, std::move(language)};
    }
    return std::nullopt;
}

std::optional<std::string> filled_text(
    std::string_view text, const text_variables& variables, const text_display& show) {
    std::string out;
    while (true) {
        const auto open = text.find("{{");
        const auto close = text.find("}}", open);
        if (open == text.npos || close == text.npos) return out.append(text);
        const auto name = text.substr(open + 2, close - open - 2);
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        out.append(text.substr(0, open)).append(show ? show(name, found->second) : found->second);
        text.remove_prefix(close + 2);
    }
}

std::optional<text_variables> read_variables(std::string_view text) {
    text_variables out;
    if (text.empty()) return out;
    const auto parsed = json::document::parse(text);
    if (!parsed) return std::nullopt;
    const auto root = parsed->root();
    if (!root.is_null() && root.type() != json::kind::object) return std::nullopt;
    root.members([&](std::string_view name, json::value v) {
        const auto kind = v.type();
        if (kind == json::kind::null || kind == json::kind::object || kind == json::kind::array) return;
        if (auto value = cleaned(v.string() ? std::string(*v.string()) : v.text()); !value.empty())
            out.insert_or_assign(std::string(name), std::move(value));
    });
    return out;
}

}  // namespace airi::workers
