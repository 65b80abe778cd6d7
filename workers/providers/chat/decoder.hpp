// What the bytes of a provider's streamed answer say: text, token counts, the end. No I/O. One subclass for
// each wire format; used by the HTTP chat stream.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "platform/base/json.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

class decoder {
public:
    virtual ~decoder() = default;

    /// More bytes of the body. An error ends the reply; what was found before it is still in `take()`.
    error_code push(std::string_view bytes);
    /// The body's regular end.
    error_code body_ended();

    /// What was found since the last call, as one piece; nothing when there is nothing new. The piece that
    /// ends the reply is the last.
    std::optional<piece> take();
    /// The provider has said why the reply ends; only counts and the end mark may follow. From here on a
    /// broken connection does no harm.
    bool knows_end() const { return x_finish.has_value(); }
    /// Ends the reply where `knows_end()`, whatever else was to come.
    void end_now() { x_over = true; }
    /// The end mark has come; all later bytes are without meaning.
    bool over() const { return x_over; }
    /// Whether the model has produced anything since the last call; comments and pings are not progress.
    bool take_progress() { return std::exchange(x_progress, false); }
    /// Whether it ever has.
    bool has_begun() const { return x_begun; }
    /// Chunks that could not be read and were passed over.
    int skipped() const { return x_skipped; }

protected:
    virtual error_code read(std::string_view bytes) = 0;
    /// The body ended; a format whose last chunk needs no end mark reads it now.
    virtual error_code read_last() { return {}; }

    /// Parses one chunk. One that is no JSON object is counted and passed over, but not many in a row.
    error_code chunk(std::string_view json_text, const std::function<error_code(json::value)>& each);
    void add_text(std::string_view text);
    void progress() { x_progress = x_begun = true; }
    /// Counts only ever grow: a provider that corrects itself downwards is not believed.
    void count_in(std::optional<std::int64_t> tokens);
    void count_out(std::optional<std::int64_t> tokens);
    void set_finish(finish why) { x_finish = why; }
    void set_over() { x_over = true; }

private:
    std::string x_text;
    std::optional<std::int64_t> x_in;
    std::int64_t x_out = 0;
    bool x_counted = false;
    std::optional<finish> x_finish;
    bool x_over = false;
    bool x_told_end = false;
    bool x_progress = false;
    bool x_begun = false;
    int x_good = 0;
    int x_skipped = 0;
    int x_skipped_in_row = 0;
};

}  // namespace airi::workers::providers
