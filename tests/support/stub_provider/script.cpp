#include "tests/support/stub_provider/script.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace airi::stub_provider {
namespace {

constexpr std::string_view marker_begin = "[[stub";
constexpr std::string_view marker_end = "]]";

constexpr std::array fault_names{
    std::pair{std::string_view{"error"}, fault::error},
    std::pair{std::string_view{"stall"}, fault::stall},
    std::pair{std::string_view{"cut"}, fault::cut},
    std::pair{std::string_view{"close"}, fault::close},
    std::pair{std::string_view{"garbage"}, fault::garbage},
    std::pair{std::string_view{"garbage_only"}, fault::garbage_only},
    std::pair{std::string_view{"bad_chunk"}, fault::bad_chunk},
    std::pair{std::string_view{"no_done"}, fault::no_done},
    std::pair{std::string_view{"drip"}, fault::drip},
    std::pair{std::string_view{"silent_pings"}, fault::silent_pings},
    std::pair{std::string_view{"big_line"}, fault::big_line},
    std::pair{std::string_view{"big_trailer"}, fault::big_trailer},
    std::pair{std::string_view{"deep"}, fault::deep},
    std::pair{std::string_view{"split"}, fault::split},
    std::pair{std::string_view{"crlf"}, fault::crlf},
    std::pair{std::string_view{"bom"}, fault::bom},
    std::pair{std::string_view{"no_space"}, fault::no_space},
    std::pair{std::string_view{"unknown_events"}, fault::unknown_events},
    std::pair{std::string_view{"double_done"}, fault::double_done},
    std::pair{std::string_view{"no_headers"}, fault::no_headers},
    std::pair{std::string_view{"slow_headers"}, fault::slow_headers},
};

constexpr std::array usage_names{
    std::pair{std::string_view{"last"}, usage_mode::last},
    std::pair{std::string_view{"with_choices"}, usage_mode::with_choices},
    std::pair{std::string_view{"none"}, usage_mode::none},
    std::pair{std::string_view{"first"}, usage_mode::first},
    std::pair{std::string_view{"twice_decreasing"}, usage_mode::twice_decreasing},
};

template <typename Names>
auto named(const Names& names, std::string_view name) -> std::optional<decltype(names[0].second)> {
    for (const auto& [known, value] : names) {
        if (known == name) return value;
    }
    return std::nullopt;
}

template <typename Number>
bool read_number(Number& out, std::string_view text) {
    Number value{};
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size() || value < Number{}) return false;
    out = value;
    return true;
}

bool read_switch(bool& out, std::string_view text) {
    if (text != "0" && text != "1") return false;
    out = text == "1";
    return true;
}

bool read_faults(std::uint32_t& out, std::string_view list) {
    std::uint32_t faults = 0;
    while (!list.empty()) {
        const auto comma = list.find(',');
        const std::string_view name = list.substr(0, comma);
        const auto found = named(fault_names, name);
        if (!found && name != "none") return false;
        if (found) faults |= static_cast<std::uint32_t>(*found);
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    out = faults;
    return true;
}

bool set_key(script& to, std::string_view key, std::string_view value) {
    if (key == "tokens") return to.tokens_given = read_number(to.tokens, value);
    if (key == "rate") return read_number(to.rate, value);
    if (key == "first") return read_number(to.first_ms, value);
    if (key == "size") return read_number(to.size, value);
    if (key == "echo") return read_switch(to.echo, value);
    if (key == "utf8") return read_switch(to.utf8, value);
    if (key == "status") return read_number(to.status, value) && to.status < 1000;
    if (key == "retry_after") return read_number(to.retry_after, value);
    if (key == "retry_after_date") return read_switch(to.retry_after_date, value);
    if (key == "code") return to.code = value, true;
    if (key == "fault") return read_faults(to.faults, value);
    if (key == "at") return read_number(to.at, value);
    if (key == "every") return read_number(to.every_ms, value);
    if (key == "obey_max_tokens") return read_switch(to.obey_max_tokens, value);
    if (key == "any_model") return read_switch(to.any_model, value);
    if (key == "argument") return to.argument = value, true;
    if (key == "arguments") return to.arguments = value, true;
    if (key == "tool") return to.tool = value, true;
    if (key == "calls") return read_number(to.calls, value);
    if (key == "times") return read_number(to.times, value);
    if (key == "id") return true;
    if (key == "usage") {
        const auto mode = named(usage_names, value);
        if (!mode) return false;
        to.usage = *mode;
        return to.usage_given = true;
    }
    return false;
}

void add_word(script& to, std::string_view word, provider asked) {
    const auto equals = word.find('=');
    std::string_view key = word.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? std::string_view{} : word.substr(equals + 1);
    if (const auto dot = key.find('.'); dot != std::string_view::npos) {
        const std::string_view meant = key.substr(0, dot);
        key.remove_prefix(dot + 1);
        script checked;
        if (std::find(provider_names.begin(), provider_names.end(), meant) == provider_names.end() ||
            !set_key(checked, key, value)) {
            if (to.mistake.empty()) to.mistake = word;
            return;
        }
        if (meant != name_of(asked)) return;
    }
    if (!set_key(to, key, value) && to.mistake.empty()) to.mistake = word;
}

}  // namespace

void add_words(script& to, std::string_view words, provider asked) {
    constexpr std::string_view separators = " \t\r\n;+";
    for (std::size_t i = 0; i < words.size();) {
        const auto begin = words.find_first_not_of(separators, i);
        if (begin == std::string_view::npos) break;
        i = std::min(words.find_first_of(separators, begin), words.size());
        const std::string_view word = words.substr(begin, i - begin);
        if (!to.text.empty()) to.text += ' ';
        to.text += word;
        add_word(to, word, asked);
    }
}

void add_markers(script& to, std::string_view message, provider asked) {
    for (auto begin = message.find(marker_begin); begin != std::string_view::npos;) {
        begin += marker_begin.size();
        const auto end = message.find(marker_end, begin);
        if (end == std::string_view::npos) break;
        add_words(to, message.substr(begin, end - begin), asked);
        begin = message.find(marker_begin, end);
    }
}

std::string without_markers(std::string_view message) {
    std::string out;
    while (true) {
        const auto begin = message.find(marker_begin);
        const auto end = begin == std::string_view::npos ? begin : message.find(marker_end, begin);
        if (end == std::string_view::npos) return out += message;
        out += message.substr(0, begin);
        message.remove_prefix(end + marker_end.size());
    }
}

named_script split_model(std::string_view model) {
    named_script out;
    while (!model.empty()) {
        const auto plus = model.find('+');
        const std::string_view part = model.substr(0, plus);
        std::string& target = part.find('=') == std::string_view::npos ? out.model : out.words;
        if (!target.empty()) target += '+';
        target += part;
        model.remove_prefix(plus == std::string_view::npos ? model.size() : plus + 1);
    }
    return out;
}

}  // namespace airi::stub_provider
