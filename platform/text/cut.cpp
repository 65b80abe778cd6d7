#include "platform/text/cut.hpp"

#include <unicode/brkiter.h>
#include <unicode/utext.h>

#include <memory>

#include "platform/base/utf8.hpp"

namespace airi::text {

std::string_view cut(std::string_view utf8, std::size_t most) {
    const auto prefix = first_code_points(utf8, most);
    if (prefix.size() == utf8.size()) return utf8;
    UErrorCode error = U_ZERO_ERROR;
    const std::unique_ptr<icu::BreakIterator> clusters(
        icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), error));
    const std::unique_ptr<UText, decltype(&utext_close)> text(
        utext_openUTF8(nullptr, utf8.data(), static_cast<std::int64_t>(utf8.size()), &error), utext_close);
    if (U_SUCCESS(error)) clusters->setText(text.get(), error);
    if (U_FAILURE(error)) return prefix;
    const auto last = static_cast<std::int32_t>(prefix.size());
    const auto end = clusters->isBoundary(last) ? last : clusters->preceding(last);
    return end > 0 ? utf8.substr(0, static_cast<std::size_t>(end)) : prefix;
}

}  // namespace airi::text
