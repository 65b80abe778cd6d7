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
    bool knows_end() const { return finish_.has_value(); }
    /// Ends the reply where `knows_end()`, whatever else was to come.
    void end_now() { over_ = true; }
    /// The end mark has come; all later bytes are without meaning.
    bool over() const { return over_; }
    /// Whether the model has produced anything since the last call; comments and pings are not progress.
    bool take_progress() { return std::exchange(progress_, false); }
    /// Whether it ever has.
    bool has_begun() const { return begun_; }
    /// Chunks that could not be read and were passed over.
    int skipped() const { return skipped_; }

protected:
    virtual error_code read(std::string_view bytes) = 0;
    /// The body ended; a format whose last chunk needs no end mark reads it now.
    virtual error_code read_last() { return {}; }

    /// Parses one chunk. One that is no JSON object is counted and passed over, but not many in a row.
    error_code chunk(std::string_view json_text, const std::function<error_code(json::value)>& each);
    void add_text(std::string_view text);
    void progress() { progress_ = begun_ = true; }
    /// Counts only ever grow: a provider that corrects itself downwards is not believed.
    void count_in(std::optional<std::int64_t> tokens);
    void count_out(std::optional<std::int64_t> tokens);
    void set_finish(finish why) { finish_ = why; }
    void set_over() { over_ = true; }

private:
    std::string text_;
    std::optional<std::int64_t> in_;
    std::int64_t out_ = 0;
    bool counted_ = false;
    std::optional<finish> finish_;
    bool over_ = false;
    bool told_end_ = false;
    bool progress_ = false;
    bool begun_ = false;
    int good_ = 0;
    int skipped_ = 0;
    int skipped_in_row_ = 0;
};

}  // namespace airi::workers::providers
