// Any bytes, split anywhere, give the same lines as unsplit, none of them empty or over the limit.
#include <cstdint>
#include <cstdlib>

#include "platform/http/ndjson.hpp"
#include "workers/providers/llm/ollama.hpp"

using namespace airi::http;
using namespace airi::workers::providers;

// The first two bytes are the position of the split.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t most = 256;
    if (size < 2) return 0;
    const std::string_view stream(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::size_t cut = stream.empty() ? 0 : (data[0] * 256u + data[1]) % (stream.size() + 1);

    ndjson_parser once(most), twice(most);
    std::vector<std::string> whole, split;
    const auto whole_failed = once.push(stream, whole);
    auto split_failed = twice.push(stream.substr(0, cut), split);
    split_failed = twice.push(stream.substr(cut), split);
    once.finish(whole);
    twice.finish(split);
    if (whole != split || whole_failed != split_failed) std::abort();
    for (const auto& line : whole)
        if (line.empty() || line.size() > most || line.find('\n') != std::string::npos) std::abort();

    const auto decoder = ollama_decoder();
    for (const auto part : {stream.substr(0, cut), stream.substr(cut)}) {
        if (decoder->push(part)) return 0;
        while (decoder->take()) {
        }
    }
    static_cast<void>(decoder->body_ended());
    while (decoder->take()) {
    }
    return 0;
}
