// Holds back what models write until it is checked for blocked terms: the text, and the arguments of tool calls. Pure.
// Used by deltas.
#pragma once

#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "platform/safety/term_stream.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::chat {

/// JSON that comes in pieces, with its escapes resolved: "k\u0069ll" is "kill".
class unescaped_json {
public:
    std::string read(std::string_view piece);

private:
    int digits_left_ = 0;
    bool escaped_ = false;
    char32_t code_ = 0, high_ = 0;  // high_: the first half of a surrogate pair
};

class reply_gate {
public:
    explicit reply_gate(std::shared_ptr<const safety::blocked_terms>);

    void add(std::string_view text) { text_.append(text); }
    void add(const providers::tool_call_piece&);
    /// Nothing more is written.
    void finish();

    /// The length of the text that may be shown.
    std::size_t checked() const noexcept { return text_.checked(); }
    /// The parts of calls that may be shown since the last call of this.
    std::vector<providers::tool_call_piece> take_parts();
    /// The calls so far were taken; others with the same numbers follow.
    void end_calls();
    bool blocks() const;
    /// The most severe verdict on the text and on the calls.
    safety::verdict found() const;

private:
    struct call {
        safety::term_stream terms;
        unescaped_json json{};
        std::size_t length = 0;                                                  // of what was checked
        std::deque<std::pair<std::size_t, providers::tool_call_piece>> parts{};  // held back, by their ends
    };

    std::shared_ptr<const safety::blocked_terms> terms_;
    safety::term_stream text_;
    std::vector<call> calls_;
    safety::verdict earlier_calls_;
};

}  // namespace airi::workers::chat
