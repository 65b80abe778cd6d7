#include "tests/support/standin/reply.hpp"

#include <algorithm>
#include <array>

#include "tests/support/standin/text.hpp"

namespace airi::standin {

reply::reply(const script& how, std::string_view last_user_message)
    : x_count(how.tokens), x_size(how.size), x_utf8(how.utf8) {
    if (!how.echo) return;
    const std::string plain = without_markers(last_user_message);
    for (const auto word : words_of(plain)) x_echoed.emplace_back(word);
    x_count = how.tokens_given ? std::min(how.tokens, x_echoed.size()) : x_echoed.size();
}

std::string reply::token(std::size_t index) const {
    // two, three and four bytes, and an emoji of two code points joined by U+FE0F
    static constexpr std::array<std::string_view, 4> marks{"é", "漢", "🙂", "❤️"};
    std::string out = index == 0 ? "" : " ";
    if (index < x_echoed.size()) {
        out += x_echoed[index];
    } else {
        out += "tok" + std::to_string(index);
    }
    if (x_utf8) out += marks[index % marks.size()];
    if (out.size() < x_size) out.append(x_size - out.size(), 'x');
    return out;
}

std::string reply::text(std::size_t tokens) const {
    std::string out;
    for (std::size_t i = 0; i < tokens; ++i) out += token(i);
    return out;
}

void reply::cut_to(std::size_t tokens) {
    if (tokens >= x_count) return;
    x_count = tokens;
    x_was_cut = true;
}

}  // namespace airi::standin
