// Screens a text: normalised, then compared with the profile's blocked terms. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace airi::workers::moderation {

struct term {
    std::string text;  ///< normalised
    std::string category;
    std::string action;  ///< warn, block, review
};

struct verdict {
    std::string action = "allow";
    std::vector<std::string> categories;  ///< the most severe first
    double confidence = 0;
    std::string reason;  ///< names the category, never the text
};

/// Lower case; full-width and look-alike letters and digits folded; invisible characters removed; every run of other
/// characters becomes one space. "Ｆ.r.е​e" and "free" become alike as far as single letters are not spaced out.
std::string normalise(std::string_view text);

/// The most severe action of the terms found as whole words; a term with separators between all its letters counts.
verdict screen(std::string_view text, const std::vector<term>& terms);

}  // namespace airi::workers::moderation
