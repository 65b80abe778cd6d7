#include "workers/email/compose.hpp"

#include <algorithm>

#include "platform/base/markup.hpp"
#include "platform/http/url.hpp"
#include "workers/email/errors.hpp"
#include "workers/runtime/texts.hpp"

namespace airi::workers::email {
namespace {

std::string_view layout() {
    const auto found =
        std::find_if(text_files.begin(), text_files.end(), [](const auto& file) { return file.name == "layout.html"; });
    return found == text_files.end() ? std::string_view{} : found->text;
}

std::string as_html(std::string_view name, const std::string& value) {
    const auto text = escaped_attribute(value);
    return name == "link" ? "<a href=\"" + text + "\">" + text + "</a>" : text;
}

bool is_link(std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c <= '~' && std::string_view("\"'<>\\^`{|}").find(c) == std::string_view::npos;
    });
    return plain && http::parse_url(text).has_value();
}

result<text_variables> variables_of(const events::email_requested& event, const mailbox& sender) {
    auto read = read_variables(event.variables.text);
    if (!read) return errc::bad_variables;
    auto& out = *read;
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
    const auto found = find_text(text_files, event.kind, event.locale);
    if (!found) return errc::unknown_kind;
    const auto variables = variables_of(event, sender);
    if (!variables) return variables.error();

    auto rest = found->text;
    while (rest.ends_with('\n')) rest.remove_suffix(1);
    const auto first_line = rest.find('\n');
    const auto subject = filled_text(rest.substr(0, first_line), *variables).value_or("");
    std::string text, paragraphs;
    for (auto start = first_line + 2; start < rest.size();) {
        const auto end = std::min(rest.find("\n\n", start), rest.size());
        const auto paragraph = rest.substr(start, end - start);
        start = end + 2;
        const auto plain = filled_text(paragraph, *variables);
        if (!plain && paragraph == "{{link}}") return errc::bad_link;
        if (!plain) continue;
        text += (text.empty() ? "" : "\n") + *plain + '\n';
        paragraphs += "<p>" + filled_text(paragraph, *variables, as_html).value_or("") + "</p>\n";
    }
    const text_variables page{
        {"locale", found->language}, {"subject", escaped_attribute(subject)}, {"paragraphs", paragraphs}};
    auto html = filled_text(layout(), page).value_or("");
    return mime_message{id, sender, event.to, date, subject, std::move(text), std::move(html)};
}

}  // namespace airi::workers::email
