#include "tests/support/stub_provider/reply.hpp"

#include <algorithm>
#include <array>

#include "tests/support/stub_provider/text.hpp"

namespace airi::stub_provider {

reply::reply(const script& plan, std::string_view last_user_message)
    : count_(plan.tokens), size_(plan.size), utf8_(plan.utf8) {
    if (!plan.echo) return;
    const std::string plain = without_markers(last_user_message);
    for (const auto word : words_of(plain)) echoed_.emplace_back(word);
    count_ = plan.tokens_given ? std::min(plan.tokens, echoed_.size()) : echoed_.size();
}

std::string reply::token(std::size_t index) const {
    // two, three and four bytes, and an emoji of two code points joined by U+FE0F
    static constexpr std::array<std::string_view, 4> marks{"é", "漢", "🙂", "❤️"};
    std::string out = index == 0 ? "" : " ";
    if (index < echoed_.size()) {
        out += echoed_[index];
    } else {
        out += "tok" + std::to_string(index);
    }
    if (utf8_) out += marks[index % marks.size()];
    if (out.size() < size_) out.append(size_ - out.size(), 'x');
    return out;
}

std::string reply::text(std::size_t tokens) const {
    std::string out;
    for (std::size_t i = 0; i < tokens; ++i) out += token(i);
    return out;
}

void reply::cut_to(std::size_t tokens) {
    if (tokens >= count_) return;
    count_ = tokens;
    was_cut_ = true;
}

}  // namespace airi::stub_provider
