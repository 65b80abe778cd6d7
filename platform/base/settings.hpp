// Settings from the environment, as in a twelve-factor program. Each binary has one plain struct of defaults and a
// tuple `settings` that names its members; main loads it (airi-worker: one more for each of its workers). No other code
// in the tree reads the environment.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "platform/base/clock.hpp"
#include "platform/base/rotated_secret.hpp"
#include "platform/base/secret.hpp"

namespace airi {

struct bounds {
    bool required = false;
    /// Inclusive; for whole numbers, doubles and durations (in the member's unit).
    std::int64_t min = std::numeric_limits<std::int64_t>::min();
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
    /// The age at which a secret is to be replaced; a file older than that, less a month's notice, is logged as
    /// secret.old at the start.
    std::chrono::days replaced_after{0};
};

template <class T>
inline constexpr bool is_secret = std::is_same_v<T, secret> || std::is_same_v<T, rotated_secret>;

/// One line of a settings table:
///     static constexpr auto settings = std::tuple{
///         setting{"PORT", &gateway_settings::port, "The port clients connect to.", {.min = 1, .max =
///         65535}}, …};
/// A secret may also be given as NAME_FILE, the path of a file that contains it. A duration is a number in the
/// member's unit or has a unit: 250ms, 5s, 2m, 1h. An empty value counts as missing.
template <class Owner, class T>
struct setting {
    using owner = Owner;
    using type = T;
    constexpr setting(std::string_view n, T Owner::* m, std::string_view d, bounds w = {})
        : name(n), member(m), description(d), within(w) {}

    constexpr T& value_in(Owner& values) const { return values.*member; }
    constexpr const T& value_in(const Owner& values) const { return values.*member; }

    std::string_view name;
    T Owner::* member;
    std::string_view description;
    bounds within;
};

/// The same for a member of one element of an array: for settings that follow from the rows of a table.
template <class Owner, class Element, std::size_t Size, class T>
struct element_setting {
    using owner = Owner;
    using type = T;

    constexpr T& value_in(Owner& values) const { return (values.*elements)[index].*member; }
    constexpr const T& value_in(const Owner& values) const { return (values.*elements)[index].*member; }

    std::string_view name;
    std::array<Element, Size> Owner::* elements;
    std::size_t index;
    T Element::* member;
    std::string_view description;
    bounds within{};
};

struct environment {
    std::map<std::string, std::string> values;
    std::vector<std::string> mistakes;

    /// The environment of the process; unless AIRI_ENV is production, `.env` of the working directory adds to it.
    static environment of_process();
    /// Adds the lines NAME=value of `text` whose names are not set yet. Quotes, `export` and comments as in a
    /// shell.
    void add_lines(std::string_view text);
};

/// A name that no program reads, and the setting that it resembles.
struct misspelling {
    std::string name;
    std::string meant;
};

/// A secret whose file is due to be replaced.
struct old_secret {
    std::string name;
    std::int64_t days = 0;  ///< since the file was changed
};

template <class T>
struct loaded {
    T value;
    /// Never a mistake: the name may be another tool's.
    std::vector<misspelling> misspellings;
    std::vector<old_secret> old_secrets;
    /// All mistakes, one sentence each; the value is valid when there are none. They never quote a setting's value.
    std::vector<std::string> mistakes;
};

/// A setting in the text of --help.
struct setting_help {
    std::string_view name;
    std::string line;
};

/// Reads the settings of one struct after the other from an environment and collects the mistakes. Structs that have a
/// setting of the same name get the same value.
class settings_reader {
public:
    /// `from` must outlive the object.
    explicit settings_reader(const environment& from) : from_(from), mistakes_(from.mistakes) {}

    /// Reads T's settings. T may add checks of its own: `std::vector<std::string> mistakes() const`.
    template <class T>
    void load(T& into) {
        std::apply([&](const auto&... each) { (take(each, into), ...); }, T::settings);
        if constexpr (requires { into.mistakes(); }) add(into.mistakes());
    }
    /// All mistakes, each once; every AIRI_ name that is neither a setting of the binary nor in .env.example is one.
    std::vector<std::string> mistakes() const;
    /// Names of the environment that are neither, and one or two letters away from one that is.
    std::vector<misspelling> misspellings() const;
    const std::vector<old_secret>& old_secrets() const { return old_; }
    /// For main: see load_or_exit_code(). `arguments` begins with the program's name.
    std::optional<int> exit_code(int count, const char* const* arguments, const std::vector<setting_help>& help) const;

private:
    template <class Setting>
    void take(const Setting& one, typename Setting::owner& into) {
        const auto text = text_of(one.name, is_secret<typename Setting::type>, one.within.required);
        if (!text) return;
        if (one.within.replaced_after.count() > 0) note_age(one.name, one.within.replaced_after);
        if (auto wrong = read(*text, one.within, one.value_in(into)); !wrong.empty())
            mistakes_.push_back(std::string(one.name) + ' ' + wrong);
        if constexpr (std::is_same_v<typename Setting::type, rotated_secret>)
            if (const auto* path = file_of(one.name)) one.value_in(into).follow(std::string(one.name), *path);
    }
    void add(std::vector<std::string> mistakes);
    std::optional<std::string> text_of(std::string_view name, bool is_secret, bool required);
    const std::string* file_of(std::string_view name) const;
    void note_age(std::string_view name, std::chrono::days replaced_after);
    bool is_known(std::string_view name) const;
    std::string nearest(std::string_view name) const;

    static std::string read(const std::string& text, const bounds&, std::string& out);
    static std::string read(const std::string& text, const bounds&, secret& out);
    static std::string read(const std::string& text, const bounds&, rotated_secret& out);
    static std::string read(const std::string& text, const bounds&, bool& out);
    static std::string read(const std::string& text, const bounds&, double& out);
    static std::string read(const std::string& text, const bounds&, std::int64_t& out);
    static std::string read(const std::string& text, const bounds&, milliseconds& out);
    static std::string read(const std::string& text, const bounds&, seconds& out);
    template <std::integral Int>
        requires(!std::same_as<Int, bool> && !std::same_as<Int, std::int64_t>)
    static std::string read(const std::string& text, bounds within, Int& out) {
        static_assert(sizeof(Int) < 8 || std::is_unsigned_v<Int>);
        within.min = std::max(within.min, static_cast<std::int64_t>(std::numeric_limits<Int>::min()));
        if constexpr (sizeof(Int) < 8)
            within.max = std::min(within.max, static_cast<std::int64_t>(std::numeric_limits<Int>::max()));
        std::int64_t wide = 0;
        auto wrong = read(text, within, wide);
        if (wrong.empty()) out = static_cast<Int>(wide);
        return wrong;
    }

    const environment& from_;
    std::vector<std::string> taken_;
    std::vector<std::string> mistakes_;
    std::vector<old_secret> old_;
};

namespace settings_detail {

std::string shown(const std::string& value);
std::string shown(const secret&);
std::string shown(const rotated_secret&);
std::string shown(bool value);
std::string shown(double value);
std::string shown(std::int64_t value);
std::string shown(milliseconds value);
std::string shown(seconds value);
template <std::integral Int>
    requires(!std::same_as<Int, bool> && !std::same_as<Int, std::int64_t>)
std::string shown(Int value) {
    return shown(static_cast<std::int64_t>(value));
}
std::string help_line(
    std::string_view name, std::string_view description, const bounds&, bool is_secret, const std::string& standard);

}  // namespace settings_detail

/// Reads T's settings.
template <class T>
loaded<T> load(const environment& from) {
    loaded<T> out;
    settings_reader reader(from);
    reader.load(out.value);
    out.mistakes = reader.mistakes();
    out.misspellings = reader.misspellings();
    out.old_secrets = reader.old_secrets();
    return out;
}

/// T's part of --help: every setting's name, description, default and bounds.
template <class T>
std::vector<setting_help> settings_help() {
    std::vector<setting_help> out;
    const T standard{};
    const auto add = [&]<class Setting>(const Setting& one) {
        const typename Setting::owner& values = standard;
        out.push_back({one.name, settings_detail::help_line(one.name, one.description, one.within,
                                     is_secret<typename Setting::type>, settings_detail::shown(one.value_in(values)))});
    };
    std::apply([&](const auto&... each) { (add(each), ...); }, T::settings);
    return out;
}

/// For main. None when `into` is loaded and the program may start; otherwise the exit code: 0 for --help and for
/// --check with valid settings, 2 for mistakes, which are written to stderr. Misspelt names are logged as
/// settings.unknown.
template <class T>
std::optional<int> load_or_exit_code(int count, const char* const* arguments, T& into) {
    const auto from = environment::of_process();
    settings_reader reader(from);
    T read;
    reader.load(read);
    const auto code = reader.exit_code(count, arguments, settings_help<T>());
    if (!code) into = std::move(read);
    return code;
}

}  // namespace airi
