// Decodes the bytes of a provider's streamed response: text, token counts, the end. No I/O. One subclass per wire
// format; used by the HTTP chat stream.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/json.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

class decoder {
public:
    virtual ~decoder() = default;

    /// More bytes of the body. An error ends the reply; what was decoded before it is still in `take()`.
    error_code push(std::string_view bytes);
    /// The body's regular end.
    error_code body_ended();

    /// What was decoded since the last call, as one piece; none when there is nothing new. The piece that ends the
    /// reply is the last.
    std::optional<piece> take();
    /// The provider has sent the finish reason; only counts and the end mark may follow. From here on a broken
    /// connection does no harm.
    bool knows_end() const { return finish_.has_value(); }
    /// Ends a reply that `knows_end()` without waiting for the rest.
    void end_now() { over_ = true; }
    /// The end mark has come; later bytes mean nothing.
    bool over() const { return over_; }
    /// Whether the model has produced anything since the last call; comments and pings are not progress.
    bool take_progress() { return std::exchange(progress_, false); }
    /// Whether it ever has.
    bool has_begun() const { return begun_; }
    /// The number of chunks that could not be parsed.
    int skipped() const { return skipped_; }

protected:
    virtual error_code read(std::string_view bytes) = 0;
    /// The body has ended: the last chunk of a format that needs no end mark.
    virtual error_code read_last() { return {}; }

    /// Parses one chunk. One that is no JSON object is counted and skipped; too many in a row are an error.
    error_code chunk(std::string_view json_text, const std::function<error_code(json::value)>& each);
    void add_text(std::string_view text);
    /// A part of the call number `index`; its id and name count the first time. `malformed` for too many calls.
    error_code add_call(std::size_t index, std::string_view id, std::string_view name, std::string_view arguments);
    /// OpenAI's logprobs.content of the text added with it.
    void add_logprobs(json::value content);
    void progress() { progress_ = begun_ = true; }
    /// Counts only grow: a lower later count is ignored.
    void count_in(std::optional<std::int64_t> tokens);
    void count_out(std::optional<std::int64_t> tokens);
    void count_cached(std::optional<std::int64_t> tokens);
    void count_reasoning(std::optional<std::int64_t> tokens);
    void count_cache_write(std::optional<std::int64_t> tokens);
    /// Keeps a usage as it came: the first and the last one of a reply.
    void report(json::value usage);
    void set_finish(finish why) { finish_ = why; }
    void set_over() { over_ = true; }

private:
    std::string text_, logprobs_;
    std::vector<tool_call_piece> calls_;
    bool called_ = false;
    std::optional<std::int64_t> in_;
    std::int64_t out_ = 0, cached_ = 0, reasoning_ = 0, cache_write_ = 0;
    std::string first_report_, last_report_;
    bool counted_ = false;
    std::optional<finish> finish_;
    bool over_ = false;
    bool end_taken_ = false;
    bool progress_ = false;
    bool begun_ = false;
    int good_ = 0;
    int skipped_ = 0;
    int skipped_in_row_ = 0;
};

}  // namespace airi::workers::providers
