#include "workers/email/compose.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "platform/base/json.hpp"
#include "platform/http/url.hpp"
#include "workers/email/errors.hpp"

namespace airi::workers::email {
namespace {

using values = std::map<std::string, std::string, std::less<>>;
using shown = std::function<std::string(std::string_view name, const std::string& value)>;

const embedded_file* file_named(std::string_view name) {
    const auto found =
        std::find_if(text_files.begin(), text_files.end(), [&](const auto& file) { return file.name == name; });
    return found == text_files.end() ? nullptr : &*found;
}

// de-AT → de → en.
const embedded_file* text_of(std::string_view kind, std::string_view locale, std::string& language) {
    for (const auto& tag :
        {std::string(locale), std::string(locale.substr(0, locale.find_first_of("-_"))), std::string("en")}) {
        language = tag;
        for (char& c : language)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 'a' - 'A');
        if (const auto* file = file_named(std::string(kind) + '.' + language + ".txt")) return file;
    }
    return nullptr;
}

// None when a variable is missing. Values are not expanded again.
std::optional<std::string> filled(std::string_view text, const values& variables, const shown& show) {
    std::string out;
    while (true) {
        const auto open = text.find("{{");
        const auto close = text.find("}}", open);
        if (open == text.npos || close == text.npos) return out.append(text);
        const auto name = text.substr(open + 2, close - open - 2);
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        out.append(text.substr(0, open)).append(show(name, found->second));
        text.remove_prefix(close + 2);
    }
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            default: out += c;
        }
    }
    return out;
}

std::string as_it_is(std::string_view, const std::string& value) { return value; }
std::string as_html(std::string_view name, const std::string& value) {
    const auto text = escaped(value);
    return name == "link" ? "<a href=\"" + text + "\">" + text + "</a>" : text;
}

bool is_link(std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c <= '~' && std::string_view("\"'<>\\^`{|}").find(c) == std::string_view::npos;
    });
    return plain && http::parse_url(text).has_value();
}

std::string to_the_minute(instant when) {
    const auto text = to_text(when);
    return text.substr(0, 10) + ' ' + text.substr(11, 5) + " UTC";
}

// One line of at most 200 bytes; empty when it looks like a link. A name given at sign-up must not lead the owner of
// the address to somebody else's page.
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

result<values> values_of(const events::email_requested& event, const mailbox& sender) {
    values out;
    if (const auto& text = event.variables.text; !text.empty()) {
        const auto parsed = json::document::parse(text);
        if (!parsed) return errc::bad_variables;
        const auto root = parsed->root();
        if (!root.is_null() && root.type() != json::kind::object) return errc::bad_variables;
        root.members([&](std::string_view name, json::value v) {
            const auto kind = v.type();
            if (kind == json::kind::null || kind == json::kind::object || kind == json::kind::array) return;
            if (auto value = cleaned(v.string() ? std::string(*v.string()) : v.text()); !value.empty())
                out.insert_or_assign(std::string(name), std::move(value));
        });
    }
    out.erase("link");
    if (!event.link.empty()) {
        if (!is_link(event.link)) return errc::bad_link;
        out.insert_or_assign("link", event.link);
    }
    out.insert_or_assign("expires_at", to_the_minute(event.expires_at));
    out.insert_or_assign("product", sender.name.empty() ? std::string(sender.domain()) : sender.name);
    return out;
}

}  // namespace

result<mime_message> compose(
    const events::email_requested& event, const event_id& id, instant date, const mailbox& sender) {
    if (!is_address(event.to)) return errc::bad_address;
    std::string language;
    const auto* file = text_of(event.kind, event.locale, language);
    if (!file) return errc::unknown_kind;
    const auto variables = values_of(event, sender);
    if (!variables) return variables.error();

    auto rest = file->text;
    while (rest.ends_with('\n')) rest.remove_suffix(1);
    const auto first_line = rest.find('\n');
    const auto subject = filled(rest.substr(0, first_line), *variables, as_it_is).value_or("");
    std::string text, paragraphs;
    for (auto start = first_line + 2; start < rest.size();) {
        const auto end = std::min(rest.find("\n\n", start), rest.size());
        const auto paragraph = rest.substr(start, end - start);
        start = end + 2;
        const auto plain = filled(paragraph, *variables, as_it_is);
        if (!plain && paragraph == "{{link}}") return errc::bad_link;
        if (!plain) continue;
        text += (text.empty() ? "" : "\n") + *plain + '\n';
        paragraphs += "<p>" + filled(paragraph, *variables, as_html).value_or("") + "</p>\n";
    }
    const values page{{"locale", language}, {"subject", escaped(subject)}, {"paragraphs", paragraphs}};
    auto html = filled(file_named("layout.html")->text, page, as_it_is).value_or("");
    return mime_message{id, sender, event.to, date, subject, std::move(text), std::move(html)};
}

}  // namespace airi::workers::email
