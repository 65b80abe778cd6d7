// Search as Postgres has it: the words of a stored text as a tsvector, and what a person looks for as a tsquery. Used
// by the statements that store messages and by the route that searches them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/text/search_words.hpp"

namespace airi::sql::search {

/// The words of a text in Postgres's text form of a tsvector, below its limits for any text: words beyond a megabyte
/// are left out. An ideograph is there alone, without a position, and with its neighbour as a pair.
std::string vector_of(std::string_view content);

/// What a person looks for: words that must all be there, "words in a row", -not, or.
class query {
public:
    explicit query(std::string_view typed);

    /// In Postgres's text form; empty when there is no word to look for.
    const std::string& text() const { return text_; }
    /// The parts of a text around the matches, which are in <mark>; safe as HTML.
    std::string highlighted(std::string_view content) const;

private:
    using words = std::vector<text::search_word>;

    std::string text_;
    std::vector<words> wanted_;  // each in a row; without those of -not
};

}  // namespace airi::sql::search
