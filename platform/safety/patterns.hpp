// Regular expressions that stand beside blocked terms, all looked for in one pass over normalised text, in linear time
// (Vectorscan). Pure. Used by the list of blocked terms and its matcher, and by the gateway before patterns are stored.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace airi::safety {

/// Immutable; any thread may search.
class pattern_set {
public:
    static constexpr std::size_t longest = 100;  ///< bytes of a pattern
    static constexpr std::size_t widest = 100;   ///< bytes of a match, at most
    static constexpr std::size_t narrowest = 3;  ///< bytes of a match, at least

    /// The reason to reject a pattern, to follow its name; none: it is accepted. Patterns are Perl's without assertions
    /// other than \b and ^ and without back references; `.` and a class are one byte, and the case of ASCII letters is
    /// ignored.
    static std::optional<std::string> fault_of(std::string_view pattern);

    explicit pattern_set(const std::vector<std::string>& patterns);
    ~pattern_set();
    pattern_set(const pattern_set&) = delete;
    pattern_set& operator=(const pattern_set&) = delete;

    /// The reason why patterns are left out; empty: all are looked for.
    const std::string& fault() const noexcept { return fault_; }
    /// The greatest length of a match of a pattern; 0 when it is left out.
    std::size_t width_of(std::size_t pattern) const noexcept { return widths_[pattern]; }

private:
    friend class pattern_stream;
    void compile(const std::vector<std::string>& patterns);

    std::string fault_;
    std::vector<std::size_t> widths_;
    void* database_ = nullptr;  // null: nothing is looked for
};

/// One text that comes in pieces.
class pattern_stream {
public:
    /// The set must outlive the object.
    explicit pattern_stream(const pattern_set&);

    /// The patterns whose first match ends in this piece, each with the place of that end in all pieces. A match begins
    /// at most width_of() its pattern before its end. `words` is whole characters of UTF-8.
    std::map<std::size_t, std::size_t> add(std::string_view words);

private:
    struct closer {
        void operator()(void*) const noexcept;
    };
    std::unique_ptr<void, closer> stream_;
    const void* database_ = nullptr;
};

}  // namespace airi::safety
