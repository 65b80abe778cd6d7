// OpenAI's moderation API: texts in, the scores that the markers "[[moderation violence=0.93]]" in them ask for out.
// README.md has the table of keys. Used by answer.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/stub_provider/script.hpp"

namespace airi::stub_provider {

struct moderation_request {
    std::string model;
    std::vector<std::string> texts;
    script plan;            // the faults that the markers of all texts ask for
    std::size_t lacks = 0;  // so many of the last results are left out
    bool valid = false;     // a JSON object with an input
};

moderation_request parse_moderation(std::string_view body);

// The answer. A category that no marker names has a score near 0; a score may be outside 0 to 1.
std::string moderation_json(const moderation_request& asked, std::string_view id);

}  // namespace airi::stub_provider
