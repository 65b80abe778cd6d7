#include "platform/base/settings.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <set>
#include <span>

#include "platform/base/embedded.hpp"
#include "platform/base/environment.hpp"
#include "platform/base/file_text.hpp"
#include "platform/base/log.hpp"
#include "platform/base/split.hpp"

namespace airi {

extern const std::span<const embedded_file> settings_examples;

namespace {

bool is_name(std::string_view text) {
    return !text.empty() && !(text[0] >= '0' && text[0] <= '9') && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

// The value of a line of .env: 'literal', "with the escapes \n \" \\", or unquoted up to a comment.
std::optional<std::string> unquoted(std::string_view text) {
    if (!text.starts_with('\'') && !text.starts_with('"'))
        return std::string(stripped(text.substr(0, text.find(" #"))));
    std::string out;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == text[0]) {
            const auto rest = stripped(text.substr(i + 1));
            return rest.empty() || rest[0] == '#' ? std::optional(out) : std::nullopt;
        }
        if (text[0] == '"' && text[i] == '\\' && i + 1 < text.size())
            out += text[++i] == 'n' ? '\n' : text[i];
        else
            out += text[i];
    }
    return std::nullopt;
}

std::string range_text(const bounds& within) {
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    if (within.min != least && within.max != most) return fmt::format("{} to {}", within.min, within.max);
    if (within.min != least) return fmt::format("at least {}", within.min);
    return within.max != most ? fmt::format("at most {}", within.max) : "";
}

// A number with an optional unit, in milliseconds. A number without a unit is multiplied by `plain`.
std::optional<std::int64_t> duration(std::string_view text, std::int64_t plain) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const std::int64_t scale = unit.empty()   ? plain
                               : unit == "ms" ? 1
                               : unit == "s"  ? 1000
                               : unit == "m"  ? 60'000
                               : unit == "h"  ? 3'600'000
                                              : 0;
    std::int64_t product = 0;
    if (scale == 0 || __builtin_mul_overflow(number, scale, &product)) return std::nullopt;
    return product;
}

template <class Number>
std::string bounded(Number value, const bounds& within, auto& out) {
    if (value < static_cast<Number>(within.min) || value > static_cast<Number>(within.max))
        return "must be " + range_text(within);
    out = std::remove_reference_t<decltype(out)>(value);
    return "";
}

bool is_upper_name(std::string_view text) {
    return is_name(text) && std::none_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

// Every setting of every program and script, from the lines NAME= and # NAME= of .env.example.
const std::set<std::string, std::less<>>& example_names() {
    static const auto names = [] {
        std::set<std::string, std::less<>> out;
        auto text = settings_examples.front().text;
        while (!text.empty()) {
            const auto end = std::min(text.find('\n'), text.size() - 1);
            auto line = text.substr(0, end);
            text.remove_prefix(end + 1);
            if (line.starts_with("# ")) line.remove_prefix(2);
            const auto equals = line.find('=');
            if (equals != line.npos && is_upper_name(line.substr(0, equals))) out.emplace(line.substr(0, equals));
        }
        return out;
    }();
    return names;
}

// Letters to add, drop, replace or swap with their neighbour (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), next(b.size() + 1);
    std::iota(last.begin(), last.end(), 0U);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        next[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            next[j] = std::min({last[j] + 1, next[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                next[j] = std::min(next[j], before[j - 2] + 1);
        }
        before.swap(last);
        last.swap(next);
    }
    return last[b.size()];
}

}  // namespace

environment environment::of_process() {
    environment out;
    for (char** each = ::environ; each && *each; ++each) {
        const std::string_view line(*each);
        const auto equals = line.find('=');
        if (equals != line.npos) out.values.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    add_documented_names(out.values);
    const auto kind = out.values.find("AIRI_ENV");
    if (kind == out.values.end() || kind->second != "production")
        if (const auto text = file_text(".env")) out.add_lines(*text);
    add_documented_names(out.values);
    add_environment_defaults(out.values);
    return out;
}

void environment::add_lines(std::string_view text) {
    int number = 0;
    while (!text.empty()) {
        ++number;
        const auto end = text.find('\n');
        auto line = stripped(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
        if (line.empty() || line[0] == '#') continue;
        if (line.starts_with("export ")) line = stripped(line.substr(7));
        const auto equals = line.find('=');
        const auto name = stripped(line.substr(0, equals));
        const auto value = equals == line.npos ? std::nullopt : unquoted(stripped(line.substr(equals + 1)));
        if (!is_name(name) || !value)
            mistakes.push_back(fmt::format("line {} of .env is not NAME=value", number));
        else
            values.emplace(name, *value);
    }
}

std::optional<std::string> settings_reader::text_of(std::string_view name, bool is_secret, bool required) {
    const auto value = [&](const std::string& variable) {
        taken_.push_back(variable);
        const auto found = from_.values.find(variable);
        return found == from_.values.end() ? std::string() : found->second;
    };
    const std::string plain(name), file = plain + "_FILE";
    auto text = value(plain);
    if (const auto path = is_secret ? value(file) : std::string(); !path.empty()) {
        auto content = file_text(path);
        if (!text.empty()) mistakes_.push_back(plain + " and " + file + " are both given");
        if (!content) mistakes_.push_back(file + " names a file that cannot be read");
        if (!content || !text.empty()) return std::nullopt;
        while (content->ends_with('\n') || content->ends_with('\r')) content->pop_back();
        text = std::move(*content);
        if (text.empty()) mistakes_.push_back(file + " names an empty file");
        return text.empty() ? std::nullopt : std::optional(std::move(text));
    }
    if (!text.empty()) return text;
    if (required) mistakes_.push_back(plain + " is missing" + (is_secret ? " (or " + file + ")" : ""));
    return std::nullopt;
}

const std::string* settings_reader::file_of(std::string_view name) const {
    const auto found = from_.values.find(std::string(name) + "_FILE");
    return found == from_.values.end() || found->second.empty() ? nullptr : &found->second;
}

void settings_reader::note_age(std::string_view name, std::chrono::days replaced_after) {
    const auto notice = std::min(std::chrono::days{30}, replaced_after / 3);
    const auto* path = file_of(name);
    std::error_code missing;
    const auto changed = path ? std::filesystem::last_write_time(*path, missing) : std::filesystem::file_time_type();
    if (!path || missing) return;
    const auto age = std::chrono::floor<std::chrono::days>(std::filesystem::file_time_type::clock::now() - changed);
    const auto known = [&](const old_secret& one) { return one.name == name; };
    if (age >= replaced_after - notice && std::none_of(old_.begin(), old_.end(), known))
        old_.push_back({std::string(name), age.count()});
}

void settings_reader::add(std::vector<std::string> mistakes) {
    mistakes_.insert(
        mistakes_.end(), std::make_move_iterator(mistakes.begin()), std::make_move_iterator(mistakes.end()));
}

bool settings_reader::is_known(std::string_view name) const {
    if (std::find(taken_.begin(), taken_.end(), name) != taken_.end() || example_names().contains(name)) return true;
    return name.ends_with("_FILE") && example_names().contains(name.substr(0, name.size() - 5));
}

// A short name is near to too many others: one letter counts there, two from eight letters on.
std::string settings_reader::nearest(std::string_view name) const {
    std::string out;
    auto least = name.size() < 4 ? std::size_t{0} : name.size() < 8 ? std::size_t{1} : std::size_t{2};
    const auto consider = [&](const std::string& known) {
        const auto distance = edit_distance(name, known);
        if (distance > least || (distance == least && !out.empty())) return;
        least = distance;
        out = known;
    };
    for (const auto& known : taken_) consider(known);
    for (const auto& known : example_names()) consider(known);
    return out;
}

std::vector<std::string> settings_reader::mistakes() const {
    std::vector<std::string> out;
    const auto add = [&](const std::string& mistake) {
        if (std::find(out.begin(), out.end(), mistake) == out.end()) out.push_back(mistake);
    };
    for (const auto& mistake : mistakes_) add(mistake);
    for (const auto& mistake : closed_name_mistakes(from_.values)) add(mistake);
    for (const auto& [name, value] : from_.values) {
        if (!name.starts_with("AIRI_") || is_known(name)) continue;
        const auto meant = nearest(name);
        add(name + " is no setting of airi: " +
            (meant.empty() ? "remove it; .env.example names every setting" : "did you mean " + meant + "?"));
    }
    return out;
}

std::vector<misspelling> settings_reader::misspellings() const {
    std::vector<misspelling> out;
    for (const auto& [name, value] : from_.values) {
        if (!is_upper_name(name) || name.starts_with("AIRI_") || is_known(name)) continue;
        if (auto meant = nearest(name); !meant.empty()) out.push_back({name, std::move(meant)});
    }
    return out;
}

std::string settings_reader::read(const std::string& text, const bounds&, std::string& out) {
    out = text;
    return "";
}

std::string settings_reader::read(const std::string& text, const bounds&, rotated_secret& out) {
    out = secret(text);
    return {};
}

std::string settings_reader::read(const std::string& text, const bounds&, secret& out) {
    out = secret(text);
    return "";
}

std::string settings_reader::read(const std::string& text, const bounds&, bool& out) {
    for (auto yes : {"true", "1", "yes", "on"})
        if (text == yes) return out = true, "";
    for (auto no : {"false", "0", "no", "off"})
        if (text == no) return out = false, "";
    return "must be true or false";
}

std::string settings_reader::read(const std::string& text, const bounds& within, double& out) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return "must be a number";
    return bounded(value, within, out);
}

std::string settings_reader::read(const std::string& text, const bounds& within, std::int64_t& out) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return "must be a whole number";
    return bounded(value, within, out);
}

std::string settings_reader::read(const std::string& text, const bounds& within, milliseconds& out) {
    const auto value = duration(text, 1);
    if (!value) return "must be a duration in milliseconds, or with ms, s, m, h";
    return bounded(*value, within, out);
}

std::string settings_reader::read(const std::string& text, const bounds& within, seconds& out) {
    const auto value = duration(text, 1000);
    if (!value || *value % 1000 != 0) return "must be a duration in whole seconds, or with s, m, h";
    return bounded(*value / 1000, within, out);
}

namespace settings_detail {

std::string shown(const std::string& value) { return value; }
std::string shown(const secret&) { return ""; }
std::string shown(const rotated_secret&) { return ""; }
std::string shown(bool value) { return value ? "true" : "false"; }
std::string shown(double value) { return fmt::format("{}", value); }
std::string shown(std::int64_t value) { return fmt::format("{}", value); }
std::string shown(milliseconds value) { return fmt::format("{}ms", value.count()); }
std::string shown(seconds value) { return fmt::format("{}s", value.count()); }

std::string help_line(std::string_view name, std::string_view description, const bounds& within, bool is_secret,
    const std::string& standard) {
    std::string notes;
    const auto add = [&](const std::string& note) {
        if (!note.empty()) notes += (notes.empty() ? "" : "; ") + note;
    };
    add(within.required ? "required" : standard.empty() ? "" : "default " + standard);
    add(range_text(within));
    add(is_secret ? "or " + std::string(name) + "_FILE" : "");
    return fmt::format("  {:<28} {}{}\n", name, description, notes.empty() ? "" : " (" + notes + ")");
}

}  // namespace settings_detail

namespace {

enum class asked { run, help, check, nonsense };

asked read_arguments(int count, const char* const* arguments) {
    if (count <= 1) return asked::run;
    const std::string_view first(arguments[1]);
    if (count == 2 && (first == "--help" || first == "-h")) return asked::help;
    return count == 2 && first == "--check" ? asked::check : asked::nonsense;
}

void print_help(const std::vector<setting_help>& help) {
    std::string text = "Settings are read from the environment and, in development, from .env:\n";
    std::set<std::string_view> named;
    for (const auto& [name, line] : help)
        if (named.insert(name).second) text += line;
    std::fputs(text.c_str(), stdout);
}

// Before main calls log::start, which needs the settings: the program's name comes from the command line.
void log_remarks(std::string_view program, const std::vector<misspelling>& misspellings,
    const std::vector<old_secret>& old_secrets) {
    if (misspellings.empty() && old_secrets.empty()) return;
    program.remove_prefix(program.rfind('/') + 1);  // npos + 1 is 0
    if (program.starts_with("airi-")) program.remove_prefix(5);
    log::start(program, "info");
    for (const auto& one : misspellings)
        log::warn("settings.unknown",
            {{"name", one.name}, {"did_you_mean", one.meant},
                {"message", fmt::format("unknown setting {}: did you mean {}?", one.name, one.meant)}});
    for (const auto& one : old_secrets) log::warn("secret.old", {{"setting", one.name}, {"days", one.days}});
}

}  // namespace

std::optional<int> settings_reader::exit_code(
    int count, const char* const* arguments, const std::vector<setting_help>& help) const {
    const auto what = read_arguments(count, arguments);
    if (what == asked::help) {
        print_help(help);
        return 0;
    }
    log_remarks(arguments[0], misspellings(), old_);
    if (what == asked::nonsense) {
        std::fputs("The only arguments are --help and --check; settings come from the environment.\n", stderr);
        return 2;
    }
    const auto wrong = mistakes();
    for (const auto& mistake : wrong) std::fputs((mistake + '\n').c_str(), stderr);
    if (!wrong.empty()) return 2;
    if (what == asked::run) return std::nullopt;
    std::fputs("The settings are valid.\n", stdout);
    return 0;
}

}  // namespace airi
