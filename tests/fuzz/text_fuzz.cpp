// Any bytes as text of people: the normaliser and the safety gate, and the same as a password.
#include <cstdlib>

#include "gateway/auth/password_rules.hpp"
#include "platform/base/utf8.hpp"
#include "platform/safety/gate.hpp"
#include "platform/text/normalise.hpp"
#include "platform/text/opaque_string.hpp"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void check_words(std::string_view text) {
    const auto read = airi::text::normalise(text);
    require(airi::is_utf8(read.plain()));
    for (const auto& word : read.words) {
        require(word.length != 0 && word.begin + word.length <= read.letters.size());
        require(word.shape + word.shape_length <= read.letters.size());
        require(airi::is_utf8(read.text(word)) && airi::is_utf8(read.shape(word)));
    }
}

// The first line is the display name of the password's owner.
void check_password(std::string_view text) {
    const auto end = text.find('\n');
    const airi::gateway::password_owner owner{"kim@example.com", std::string(text.substr(0, end))};
    const auto given = end == text.npos ? text : text.substr(end + 1);
    const auto accepted = airi::gateway::accept_password(airi::secret(std::string(given)), owner, "AIRI", "/password");
    const auto stored = airi::text::opaque_string(given);
    if (stored) require(airi::is_utf8(*stored) && airi::text::opaque_string(*stored) == stored);
    const auto* const password = std::get_if<airi::secret>(&accepted);
    if (!password) return;
    require(stored && password->reveal() == *stored);
    const auto length = airi::code_points(*stored);
    require(length >= 8 && length <= 128);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const airi::safety::gate gate;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_words(text);
    if (!airi::is_utf8(text)) return 0;
    static_cast<void>(gate.check_text(text, {}, {}));
    check_password(text);
    return 0;
}
