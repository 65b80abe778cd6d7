#include "platform/text/opaque_string.hpp"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "platform/text/letters.hpp"

namespace airi::text {
namespace {

constexpr UChar32 non_joiner = 0x200C, joiner = 0x200D;

// The first character beside `at` that joins in some way, or that does not; marks between letters are transparent.
int joining_beside(const icu::UnicodeString& text, std::int32_t at, int step) {
    while (true) {
        at = text.moveIndex32(at, step);
        if (at < 0 || at >= text.length()) return U_JT_NON_JOINING;
        const auto type = u_getIntPropertyValue(text.char32At(at), UCHAR_JOINING_TYPE);
        if (type != U_JT_TRANSPARENT) return type;
        if (at == 0 && step < 0) return U_JT_NON_JOINING;
    }
}

// RFC 5892, A.1 and A.2.
bool joiner_allowed(const icu::UnicodeString& text, std::int32_t at) {
    constexpr int virama = 9;
    if (at == 0) return false;
    if (u_getCombiningClass(text.char32At(text.moveIndex32(at, -1))) == virama) return true;
    if (text.char32At(at) == joiner) return false;
    const int before = joining_beside(text, at, -1), after = joining_beside(text, at, 1);
    return (before == U_JT_LEFT_JOINING || before == U_JT_DUAL_JOINING) &&
           (after == U_JT_RIGHT_JOINING || after == U_JT_DUAL_JOINING);
}

// FreeformClass, RFC 8264, 4.3 and 8: letters, marks, numbers, punctuation, symbols and spaces.
bool is_allowed(const icu::UnicodeString& text, std::int32_t at) {
    const auto c = text.char32At(at);
    if (c >= 0x20 && c < 0x7F) return true;
    if (c == non_joiner || c == joiner) return joiner_allowed(text, at);
    if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) return false;
    const auto syllable = u_getIntPropertyValue(c, UCHAR_HANGUL_SYLLABLE_TYPE);
    if (syllable == U_HST_LEADING_JAMO || syllable == U_HST_VOWEL_JAMO || syllable == U_HST_TRAILING_JAMO) return false;
    constexpr auto classes = U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK | U_GC_P_MASK | U_GC_S_MASK | U_GC_ZS_MASK;
    return (U_GET_GC_MASK(c) & classes) != 0;
}

}  // namespace

std::optional<std::string> opaque_string(std::string_view utf8) {
    auto text = icu::UnicodeString::fromUTF8({utf8.data(), static_cast<std::int32_t>(utf8.size())});
    for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
        if (!is_allowed(text, i)) return std::nullopt;
        if (u_charType(text.char32At(i)) == U_SPACE_SEPARATOR) text.setCharAt(i, u' ');  // all of them are in the BMP
    }
    UErrorCode error = U_ZERO_ERROR;
    static const auto* const nfc = icu::Normalizer2::getNFCInstance(error);
    if (!nfc) return std::nullopt;
    std::string out;
    nfc->normalize(text, error).toUTF8String(out);
    if (U_FAILURE(error) || out.empty()) return std::nullopt;
    return out;
}

std::string letters_of(std::string_view utf8, bool digits) {
    const auto text = icu::UnicodeString::fromUTF8(folded(utf8));
    icu::UnicodeString kept;
    for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
        const auto c = text.char32At(i);
        const auto kind = kind_of(static_cast<char32_t>(c));
        if (kind == character::letter || (digits && kind == character::digit)) kept.append(c);
    }
    std::string out;
    return kept.toUTF8String(out);
}

}  // namespace airi::text
