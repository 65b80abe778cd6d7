// Any bytes, split anywhere, give the same events as unsplit, and none exceeds the limits.
#include <cstdint>
#include <cstdlib>

#include "platform/http/sse.hpp"
#include "workers/providers/llm/anthropic.hpp"
#include "workers/providers/llm/openai.hpp"

using namespace airi::http;
using namespace airi::workers::providers;

namespace {

constexpr std::size_t most = 512;

void decode(std::unique_ptr<decoder> with, std::string_view first, std::string_view second) {
    for (const auto part : {first, second}) {
        if (with->push(part)) return;
        while (with->take()) {
        }
    }
    static_cast<void>(with->body_ended());
    while (with->take()) {
    }
}

}  // namespace

// The first two bytes are the position of the split.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view stream(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::size_t cut = stream.empty() ? 0 : (data[0] * 256u + data[1]) % (stream.size() + 1);

    sse_parser once(most), twice(most);
    std::vector<sse_event> whole, split;
    const auto whole_failed = once.push(stream, whole);
    auto split_failed = twice.push(stream.substr(0, cut), split);
    split_failed = twice.push(stream.substr(cut), split);
    if (whole != split || whole_failed != split_failed || once.retry() != twice.retry()) std::abort();
    for (const auto& event : whole)
        if (event.data.size() > most || event.type.size() > most || event.id.size() > most) std::abort();

    decode(openai_decoder("x_groq"), stream.substr(0, cut), stream.substr(cut));
    decode(anthropic_decoder(), stream.substr(0, cut), stream.substr(cut));
    return 0;
}
