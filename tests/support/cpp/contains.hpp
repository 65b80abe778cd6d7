// The test that a text contains a part, for assertions: a failing CHECK prints both.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace airi::test {

/// The result of `contains`; a lambda may return it when its texts have gone.
struct containment {
    std::string text, part;
    operator bool() const { return text.find(part) != std::string::npos; }
};

/// CHECK(contains(text, part)), CHECK_FALSE(contains(text, part)).
inline containment contains(std::string_view text, std::string_view part) {
    return {std::string(text), std::string(part)};
}

}  // namespace airi::test

template <>
struct doctest::StringMaker<airi::test::containment> {
    static String convert(const airi::test::containment& in) {
        const auto quoted = [](const std::string& text) { return '"' + text + '"'; };
        return (quoted(in.part) + (in ? " is in " : " is not in ") + quoted(in.text)).c_str();
    }
};
