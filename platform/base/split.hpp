// The parts of a separated list, as of a header or a setting. Nothing is copied. Used wherever text is a list.
#pragma once

#include <cstddef>
#include <iterator>
#include <string_view>

namespace airi {

/// `text` without these characters at its ends: spaces and tabs.
constexpr std::string_view trimmed(std::string_view text, std::string_view characters = " \t") noexcept {
    const auto first = text.find_first_not_of(characters);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(characters) - first + 1);
}

/// `text` without spaces, tabs and line ends at its ends.
constexpr std::string_view stripped(std::string_view text) noexcept { return trimmed(text, " \t\r\n"); }

/// A range of the trimmed parts of a text; empty parts are left out. Valid while the text lives.
class split_range {
public:
    class iterator {
    public:
        using value_type = std::string_view;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::input_iterator_tag;
        using pointer = const std::string_view*;
        using reference = std::string_view;

        constexpr iterator() = default;
        constexpr iterator(std::string_view rest, char separator) : rest_(rest), separator_(separator) { ++*this; }

        constexpr std::string_view operator*() const noexcept { return part_; }
        constexpr iterator& operator++() noexcept {
            part_ = {};
            while (part_.empty() && !rest_.empty()) {
                const auto end = rest_.find(separator_);
                part_ = trimmed(rest_.substr(0, end));
                rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
            }
            if (part_.empty()) part_ = {};
            return *this;
        }
        constexpr iterator operator++(int) noexcept {
            const auto before = *this;
            ++*this;
            return before;
        }
        /// Only the end compares equal to the end: a part is never empty.
        constexpr bool operator==(const iterator& other) const noexcept { return part_.data() == other.part_.data(); }

    private:
        std::string_view rest_;
        std::string_view part_;
        char separator_ = ',';
    };

    constexpr split_range(std::string_view text, char separator) : text_(text), separator_(separator) {}
    constexpr iterator begin() const { return {text_, separator_}; }
    constexpr iterator end() const { return {}; }

private:
    std::string_view text_;
    char separator_;
};

/// `for (const auto part : split("a, b", ','))` gives "a" and "b".
constexpr split_range split(std::string_view text, char separator) { return {text, separator}; }

}  // namespace airi
