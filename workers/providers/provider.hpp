// The port to a language model: a prompt in, a stream of text pieces out. Implementations in providers/chat/.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/result.hpp"
#include "platform/base/secret.hpp"

namespace airi::workers::providers {

/// rate_limited, overloaded, unavailable, interrupted, malformed: again (also: try the next provider). unauthorized,
/// bad_model: broken for this provider (try the next one). prompt_refused: refused (the next would refuse it too).
enum class errc {
    rate_limited = 1,
    overloaded,
    unavailable,
    interrupted,
    malformed,
    unauthorized,
    bad_model,
    prompt_refused
};
error_code make_error_code(errc);

enum class role { system, user, assistant };

struct turn {
    role who = role::user;
    std::string text;
};

/// What a prompt is for. Models are told in words; the simulated provider goes by this.
enum class purpose { reply, title, summary };

struct prompt {
    std::string model;
    std::vector<turn> turns;  ///< system turns first
    std::int64_t max_tokens = 1024;
    std::optional<double> temperature;
    purpose wanted = purpose::reply;
};

struct token_count {
    std::int64_t in = 0;
    std::int64_t out = 0;
};

enum class finish { stop, length, filtered };

struct piece {
    std::string text;                   ///< may be empty
    std::optional<token_count> tokens;  ///< the provider's own count so far; the last one given counts
    std::optional<finish> ended;        ///< set on the last piece, which is followed by nothing
};

/// Pieces until one has `ended`. An end without it is `interrupted`. Destroying the stream cancels the generation.
class chat_stream {
public:
    virtual ~chat_stream() = default;
    virtual awaitable<result<piece>> next() = 0;
};

struct time_limits {
    milliseconds first_token{15'000};
    milliseconds gap{20'000};
    milliseconds total{300'000};
};

class chat_provider {
public:
    virtual ~chat_provider() = default;
    /// "openai", "anthropic", "groq", "azure", "ollama", "simulated".
    virtual std::string_view name() const = 0;
    /// Ends when the provider has accepted the request. After `rate_limited` the provider asks to be left alone for
    /// `retry_after()`.
    virtual awaitable<result<std::unique_ptr<chat_stream>>> start(prompt, time_limits) = 0;
    virtual milliseconds retry_after() const { return milliseconds{0}; }
};

}  // namespace airi::workers::providers

template <>
struct boost::system::is_error_code_enum<airi::workers::providers::errc> : std::true_type {};
