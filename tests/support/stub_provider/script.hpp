// A request's script: length and pace of the reply, and its faults. README.md has the table of keys. Parsed by
// answer.cpp, executed by perform.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/stub_provider/provider.hpp"

namespace airi::stub_provider {

enum class fault : std::uint32_t {
    error = 1U << 0,
    stall = 1U << 1,
    cut = 1U << 2,
    close = 1U << 3,
    garbage = 1U << 4,
    garbage_only = 1U << 5,
    bad_chunk = 1U << 6,
    no_done = 1U << 7,
    drip = 1U << 8,
    silent_pings = 1U << 9,
    big_line = 1U << 10,
    big_trailer = 1U << 11,
    deep = 1U << 12,
    split = 1U << 13,
    crlf = 1U << 14,
    bom = 1U << 15,
    no_space = 1U << 16,
    unknown_events = 1U << 17,
    double_done = 1U << 18,
    no_headers = 1U << 19,
    slow_headers = 1U << 20,
};

enum class usage_mode { last, with_choices, none, first, twice_decreasing };

struct script {
    std::size_t tokens = 8;
    bool tokens_given = false;
    double rate = 0;  // tokens per second; 0 = as fast as possible
    std::int64_t first_ms = 0;
    std::size_t size = 0;  // bytes per token; 0 = unchanged
    bool echo = false;
    bool utf8 = false;
    int status = 0;  // 0 = send a reply
    std::int64_t retry_after = -1;
    bool retry_after_date = false;
    std::string code;  // replaces the error's own code (Anthropic: its type)
    std::uint32_t faults = 0;
    std::size_t at = 3;
    std::int64_t every_ms = -1;  // pause of drip, slow_headers, split and silent_pings; -1 = their own
    usage_mode usage = usage_mode::last;
    bool usage_given = false;
    bool obey_max_tokens = false;
    bool any_model = false;         // no model is unknown
    std::size_t calls = 0;          // calls of the request's tools instead of text, until it has their results
    std::string argument = "text";  // the name of each call's one argument
    std::string tool;               // the calls are of this one
    std::string arguments;          // each call's, in place of the one
    std::int64_t times = -1;        // -1 = every time
    std::string text;               // the scripted words, as given
    std::string mistake;            // the first unknown key or value

    bool has(fault f) const { return (faults & static_cast<std::uint32_t>(f)) != 0; }
    void behave() { faults = 0, status = 0; }
};

// Adds `words` ("tokens=50;rate=100", separated by blanks, ';' or '+'); later words override earlier ones.
void add_words(script& to, std::string_view words, provider asked);

// The words of every "[[stub …]]" in a message, in order.
void add_markers(script& to, std::string_view message, provider asked);
std::string without_markers(std::string_view message);

// "gpt-4o-mini+tokens=50+rate=100" → "gpt-4o-mini" and "tokens=50+rate=100".
struct named_script {
    std::string model;
    std::string words;
};
named_script split_model(std::string_view model);

}  // namespace airi::stub_provider
