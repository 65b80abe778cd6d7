// One provider's wire format: opening, token, end, error, and the whole response when nothing is streamed. perform.cpp
// decides what is sent and when; a dialect only encodes it. One implementation per wire format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tests/support/stub_provider/body_writer.hpp"
#include "tests/support/stub_provider/call_plan.hpp"
#include "tests/support/stub_provider/provider.hpp"
#include "tests/support/stub_provider/reply.hpp"
#include "tests/support/stub_provider/script.hpp"
#include "tests/support/stub_provider/text.hpp"

namespace airi::stub_provider {

// One request in progress. Lives until the response has ended.
struct exchange {
    provider vendor;
    bool ndjson;
    script plan;
    std::string model;
    std::string request_id;
    std::size_t prompt_tokens;
    bool include_usage;
    reply says;
    call_plan calls;
    wall_clock::time_point began;
};

class dialect {
public:
    virtual ~dialect() = default;

    virtual std::string_view content_type(bool stream) const = 0;
    virtual void opening(body_writer& target) = 0;
    virtual void token(body_writer& target, std::string_view text) = 0;
    virtual void closing(body_writer& target, std::size_t sent) = 0;  // all words but the last
    virtual void done(body_writer& target, std::size_t sent) = 0;     // [DONE], message_stop, "done":true
    virtual void error(body_writer& target) = 0;
    virtual void ping(body_writer& target) = 0;
    virtual void unknown(body_writer& target) = 0;                          // valid, but of an unknown kind
    virtual void event(body_writer& target, std::string_view payload) = 0;  // any bytes in this format's framing
    virtual std::string whole() = 0;                                        // the response that is not streamed
};

// `what` must outlive the dialect.
std::unique_ptr<dialect> openai_dialect(const exchange& what);  // also Groq, Azure and Ollama's /v1
std::unique_ptr<dialect> anthropic_dialect(const exchange& what);
std::unique_ptr<dialect> ollama_dialect(const exchange& what);

std::unique_ptr<dialect> dialect_for(const exchange& what);

}  // namespace airi::stub_provider
