// Collects a streamed body: SSE events or NDJSON lines, each in an HTTP chunk of its own. Dialects write into it;
// perform.cpp sends it and injects faults.
#pragma once

#include <string>
#include <string_view>

#include "tests/support/stub_provider/script.hpp"

namespace airi::stub_provider {

class body_writer {
public:
    explicit body_writer(const script& plan);

    void sse(std::string_view event, std::string_view data);  // an empty event name is omitted
    void sse_comment(std::string_view text);
    void line(std::string_view json);
    void chunk(std::string_view payload);
    void raw(std::string_view bytes);  // bypasses the chunk framing
    void end(std::string_view trailer = {});

    std::string& bytes() { return bytes_; }

private:
    std::string_view eol_;
    std::string_view colon_;
    bool bom_;
    std::string bytes_;
    std::string frame_;
};

}  // namespace airi::stub_provider
