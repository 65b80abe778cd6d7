#include "platform/text/letters.hpp"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>

#include <unordered_map>

namespace airi::text {
namespace {

const icu::Normalizer2& nfkc_casefold() {
    UErrorCode error = U_ZERO_ERROR;
    static const auto* const one = icu::Normalizer2::getNFKCCasefoldInstance(error);
    return *one;
}

const icu::Normalizer2& nfd() {
    UErrorCode error = U_ZERO_ERROR;
    static const auto* const one = icu::Normalizer2::getNFDInstance(error);
    return *one;
}

std::string run(const icu::Normalizer2& normalizer, std::string_view text) {
    std::string out;
    out.reserve(text.size());
    icu::StringByteSink<std::string> sink(&out);
    UErrorCode error = U_ZERO_ERROR;
    normalizer.normalizeUTF8(
        0, icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())), sink, nullptr, error);
    return U_SUCCESS(error) ? out : std::string(text);
}

using letter_table = std::unordered_map<char32_t, char>;

void add_lookalikes(letter_table& table, UChar32 first, UChar32 last) {
    UErrorCode error = U_ZERO_ERROR;
    auto* checker = uspoof_open(&error);
    for (UChar32 c = first; U_SUCCESS(error) && c <= last; ++c) {
        if (!u_isalpha(c)) continue;
        const icu::UnicodeString letter(c);
        UChar skeleton[8];
        UErrorCode failed = U_ZERO_ERROR;
        const auto length = uspoof_getSkeleton(checker, 0, letter.getBuffer(), letter.length(), skeleton, 8, &failed);
        if (U_FAILURE(failed) || length != 1 || skeleton[0] >= 0x80 || !u_isalpha(skeleton[0])) continue;
        table.emplace(static_cast<char32_t>(c), static_cast<char>(u_tolower(skeleton[0])));
    }
    uspoof_close(checker);
}

letter_table make_lookalikes() {
    letter_table table;
    // Small capitals, of which TR39 knows some only.
    static constexpr char32_t capitals[] = U"ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡxʏᴢ";
    for (int i = 0; i < 26; ++i) table.emplace(capitals[i], static_cast<char>('a' + i));
    for (int i = 0; i < 26; ++i) {  // letters in filled circles and squares
        table.emplace(static_cast<char32_t>(0x1F150 + i), static_cast<char>('a' + i));
        table.emplace(static_cast<char32_t>(0x1F170 + i), static_cast<char>('a' + i));
        table.emplace(static_cast<char32_t>(0x1F130 + i), static_cast<char>('a' + i));
    }
    add_lookalikes(table, 0x180, 0x24F);    // Latin with strokes and hooks
    add_lookalikes(table, 0x250, 0x58F);    // phonetic, Greek, Cyrillic, Armenian
    add_lookalikes(table, 0x13A0, 0x13FF);  // Cherokee
    add_lookalikes(table, 0x1D00, 0x1DBF);  // phonetic
    add_lookalikes(table, 0xA640, 0xA69F);  // more Cyrillic
    add_lookalikes(table, 0xAB30, 0xABBF);
    // Letters that have no decomposition, folded as people write them without a keyboard for them.
    for (const auto& [letter, plain] : {std::pair{U'ø', 'o'}, {U'ł', 'l'}, {U'đ', 'd'}, {U'ı', 'i'}})
        table.emplace(letter, plain);
    return table;
}

const icu::Normalizer2& nfc() {
    UErrorCode error = U_ZERO_ERROR;
    static const auto* const one = icu::Normalizer2::getNFCInstance(error);
    return *one;
}

bool is_mark(UChar32 c) {
    const auto type = u_charType(c);
    return type == U_NON_SPACING_MARK || type == U_COMBINING_SPACING_MARK || type == U_ENCLOSING_MARK;
}

// Han, kana, Korean, Bopomofo, Yi, and Thai and its neighbours, which Unicode's line breaking knows as one class.
bool is_ideograph(UChar32 c) {
    for (const auto script :
        {USCRIPT_HAN, USCRIPT_HANGUL, USCRIPT_HIRAGANA, USCRIPT_KATAKANA, USCRIPT_BOPOMOFO, USCRIPT_YI})
        if (uscript_hasScript(c, script)) return true;
    return u_getIntPropertyValue(c, UCHAR_LINE_BREAK) == U_LB_COMPLEX_CONTEXT;
}

// The vowels and finals of a Korean syllable in pieces belong to its first consonant.
bool is_jamo_tail(char32_t c) { return (c >= 0x1160 && c <= 0x11FF) || (c >= 0xD7B0 && c <= 0xD7FB); }

}  // namespace

std::string folded(std::string_view utf8) { return run(nfd(), run(nfkc_casefold(), utf8)); }

character kind_of(char32_t c) {
    const auto code = static_cast<UChar32>(c);
    if ((c >= 0x1F130 && c <= 0x1F189)) return character::letter;
    if (u_isalpha(code)) return character::letter;
    if (u_isdigit(code)) return character::digit;
    if (is_mark(code)) return character::mark;
    if (u_hasBinaryProperty(code, UCHAR_EMOJI_PRESENTATION) || (c >= 0x2600 && c <= 0x27BF)) return character::emoji;
    return c >= 0x1F300 && c <= 0x1FAFF ? character::emoji : character::separator;
}

char lookalike(char32_t c) {
    static const auto table = make_lookalikes();
    const auto found = table.find(c);
    return found == table.end() ? '\0' : found->second;
}

bool is_latin(char32_t c) {
    UErrorCode error = U_ZERO_ERROR;
    return uscript_getScript(static_cast<UChar32>(c), &error) == USCRIPT_LATIN;
}

bool has_accents(char32_t c) {
    UErrorCode error = U_ZERO_ERROR;
    const auto script = uscript_getScript(static_cast<UChar32>(c), &error);
    return script == USCRIPT_LATIN || script == USCRIPT_GREEK || script == USCRIPT_CYRILLIC;
}

std::string composed(std::string_view utf8) { return run(nfc(), utf8); }

search_kind search_kind_of(char32_t c) {
    const auto code = static_cast<UChar32>(c);
    constexpr char32_t tatweel = 0x640, first_skin_tone = 0x1F3FB, last_skin_tone = 0x1F3FF;
    if (u_hasBinaryProperty(code, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) || u_charType(code) == U_ENCLOSING_MARK ||
        c == tatweel || (c >= first_skin_tone && c <= last_skin_tone))
        return search_kind::ignored;
    if (is_mark(code) || is_jamo_tail(c) || u_hasBinaryProperty(code, UCHAR_GRAPHEME_EXTEND)) return search_kind::mark;
    switch (kind_of(c)) {
        case character::letter:
        case character::digit: return is_ideograph(code) ? search_kind::ideograph : search_kind::letter;
        case character::emoji: return search_kind::emoji;
        default: return search_kind::separator;
    }
}

bool has_optional_marks(char32_t c) {
    UErrorCode error = U_ZERO_ERROR;
    const auto script = uscript_getScript(static_cast<UChar32>(c), &error);
    return has_accents(c) || script == USCRIPT_ARABIC || script == USCRIPT_HEBREW;
}

}  // namespace airi::text
