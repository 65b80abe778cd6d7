// The test that a text contains a part, for assertions: a failing CHECK prints both.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace airi::test {

/// The result of `contains`; lives no longer than its two texts.
struct containment {
    std::string_view text, part;
    operator bool() const { return text.find(part) != std::string_view::npos; }
};

/// CHECK(contains(text, part)), CHECK_FALSE(contains(text, part)).
inline containment contains(std::string_view text, std::string_view part) { return {text, part}; }

}  // namespace airi::test

template <>
struct doctest::StringMaker<airi::test::containment> {
    static String convert(const airi::test::containment& in) {
        const auto quoted = [](std::string_view text) { return '"' + std::string(text) + '"'; };
        return (quoted(in.part) + (in ? " is in " : " is not in ") + quoted(in.text)).c_str();
    }
};
