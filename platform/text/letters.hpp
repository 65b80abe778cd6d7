// ICU's knowledge of characters, for this folder's scanners.
#pragma once

#include <string>
#include <string_view>

namespace airi::text {

/// NFKC, case-folded, without invisible characters, and decomposed; UTF-8 in and out.
std::string folded(std::string_view utf8);

enum class character { separator, letter, digit, mark, emoji };
character kind_of(char32_t);

/// The lower-case Latin letter that a letter of another script, or a stylised one, looks like (Unicode TR39); 0: none.
char lookalike(char32_t);

bool is_latin(char32_t);
/// Whether accents of this letter are dropped.
bool has_accents(char32_t);

/// NFC; UTF-8 in and out.
std::string composed(std::string_view utf8);

/// What a character is to search. `ideograph`: a letter of a script that is written without spaces, or of Korean, whose
/// words carry their particles. `ignored`: invisible, a skin tone, an enclosing mark, a tatweel.
enum class search_kind { separator, letter, ideograph, mark, emoji, ignored };
search_kind search_kind_of(char32_t);
/// Whether search drops the marks of this letter: accents, and the vowel signs of Arabic and Hebrew.
bool has_optional_marks(char32_t);

}  // namespace airi::text
