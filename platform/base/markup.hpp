// Text that becomes part of XML or HTML.
#pragma once

#include <string>
#include <string_view>

namespace airi {

/// Appends `text` as the content of an element.
inline void append_content(std::string& out, std::string_view text) {
    for (const char c : text) switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            default: out += c;
        }
}

/// `text` as the value of an attribute in quotes of either kind; good as the content of an element too.
inline std::string escaped_attribute(std::string_view text) {
    std::string out;
    for (const char c : text) switch (c) {
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            default: append_content(out, {&c, 1});
        }
    return out;
}

}  // namespace airi
