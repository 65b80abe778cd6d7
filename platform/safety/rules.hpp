// The rules of crisis detection, read from platform/safety/rules/<language>.txt (their format:
// platform/safety/README.md) and from lines that a profile adds. Used by detect.cpp; programs load them at their start.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/embedded.hpp"

namespace airi::safety {

enum class level : std::uint8_t { none, low, medium, high };
enum class category : std::uint8_t { suicide, self_harm, violence, eating_disorder };
constexpr std::size_t categories = 4;

std::string_view name_of(level) noexcept;
std::string_view name_of(category) noexcept;

/// The purpose of a pattern. The first three make signals, the others change or weigh them.
enum class use : std::uint8_t {
    high,
    medium,
    low,
    idiom,     ///< a signal that overlaps it is none
    first,     ///< the writer as subject
    other,     ///< another person as subject
    negation,  ///< cancels a signal behind it in the clause
    post,      ///< cancels a signal before it in the clause
    pseudo,    ///< looks like a negation and is none
    stop,      ///< ends the scope of a negation
    past,      ///< a time that is over; with `did` beside it a signal is a mention, unless `again`
    did,       ///< a verb of the past
    again,     ///< it has come back
    media,     ///< song, film, book, game
    says,      ///< another person's words follow
    title,     ///< what follows is a title or a quotation
    joke,      ///< hyperbole or fun
    imminent,  ///< a time, means or farewell; makes a signal graver and no joke
    yes,       ///< the beginning of an answer
    no,        ///< likewise
    bad,       ///< weighs 1 in the sentiment
    awful,     ///< weighs 2
    good,      ///< weighs 1
};
constexpr std::size_t uses = static_cast<std::size_t>(use::good) + 1;

struct rule {
    use what = use::low;
    category about = category::suicide;
    std::uint8_t language = 0;  ///< index of rules::languages; 0 is "any"
    std::uint16_t line = 0;
};

struct rule_parts;

class rules {
public:
    /// Throws std::invalid_argument with file and line when a rule cannot be read. `extra` are lines of a profile; they
    /// hold for every language.
    explicit rules(std::span<const embedded_file> files, std::string_view extra = {});
    ~rules();
    rules(rules&&) noexcept;

    /// Stored with each alert: it names the rules by which it was raised. Their own version, and a digest of all files.
    const std::string& version() const noexcept;
    const std::vector<std::string>& languages() const noexcept;

    const rule_parts& parts() const noexcept { return *parts_; }

private:
    std::unique_ptr<rule_parts> parts_;
};

/// The rules that are part of the program; read at the first call, which takes up to a second.
const rules& built_in();
std::span<const embedded_file> built_in_files();

}  // namespace airi::safety
