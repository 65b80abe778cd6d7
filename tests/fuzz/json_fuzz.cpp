// Any bytes through the JSON reader and writer: a parsed document must survive being written and read again.
#include <cstdlib>

#include "platform/base/json.hpp"

namespace {

void visit(airi::json::value v) {
    v.string();
    v.integer();
    v.number();
    v.boolean();
    v["key"];
    v.each([](airi::json::value inner) { visit(inner); });
    v.members([](std::string_view, airi::json::value inner) { visit(inner); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto parsed = airi::json::document::parse(text)) {
        visit(parsed->root());
        const auto written = parsed->root().text();
        if (!airi::json::document::parse(written)) std::abort();
    }
    // Any bytes become valid JSON when quoted.
    if (!airi::json::document::parse("[" + airi::json::quoted(text) + "]")) std::abort();
    return 0;
}
