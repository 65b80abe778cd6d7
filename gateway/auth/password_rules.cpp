#include "gateway/auth/password_rules.hpp"

#include <algorithm>
#include <span>

#include "platform/base/embedded.hpp"
#include "platform/base/split.hpp"
#include "platform/base/utf8.hpp"
#include "platform/text/letters.hpp"
#include "platform/text/opaque_string.hpp"

namespace airi::gateway {

extern const std::span<const embedded_file> common_passwords;

namespace {

constexpr std::size_t shortest = 8, longest = 128, shortest_name = 3;

// Of forty thousand lines. Hashing the password takes a hundred times as long.
bool is_common(std::string_view password) {
    return common_passwords.front().text.find("\n" + text::folded(password) + "\n") != std::string_view::npos;
}

bool repeats(std::string_view text, std::string_view word) {
    if (word.empty() || text.empty() || text.size() % word.size() != 0) return false;
    for (std::size_t at = 0; at < text.size(); at += word.size())
        if (text.substr(at, word.size()) != word) return false;
    return true;
}

// "airi-airi", "Airi2026!" and "42airi" for "AIRI"; "kim42" only as it is, for three letters are in many a password.
bool repeats_word(std::string_view password, std::string_view word) {
    const auto letters = text::letters_of(word, false);
    if (code_points(letters) >= shortest_name && repeats(text::letters_of(password, false), letters)) return true;
    return repeats(text::letters_of(password, true), text::letters_of(word, true));
}

// Of a name, or of one of its words: "AIRI Platform".
bool is_made_of(std::string_view password, std::string_view name) {
    if (repeats_word(password, name)) return true;
    for (const auto word : split(name, ' '))
        if (repeats_word(password, word)) return true;
    return false;
}

}  // namespace

std::variant<secret, problem> accept_password(
    const secret& given, const password_owner& owner, std::string_view product, std::string_view pointer) {
    const auto stored = text::opaque_string(given.reveal());
    if (!stored) return invalid(pointer, "the password must not have control characters or invisible ones");
    const auto length = code_points(*stored);
    if (length < shortest) return invalid(pointer, "the password must have at least 8 characters");
    if (length > longest) return invalid(pointer, "the password must have at most 128 characters");
    if (is_common(*stored))
        return invalid(pointer, "the password is one of the most common ones, which are tried first");
    const std::string_view email = owner.email;
    for (const auto word : {email, email.substr(0, email.find('@')), std::string_view(owner.display_name), product})
        if (is_made_of(*stored, word))
            return invalid(pointer, "the password must not be made of your email address, your name or the product's");
    return secret(*stored);
}

}  // namespace airi::gateway
