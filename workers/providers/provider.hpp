// The port to a language model: a prompt in, a stream of text pieces out. Implementations in workers/providers/llm/.
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

/// rate_limited, overloaded, unavailable, interrupted, malformed: again (or the next provider). unauthorized,
/// bad_model: broken for this provider (the next one may work). prompt_refused: refused (the next would refuse it too).
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

/// "system", "user" or "assistant", as the APIs spell it.
std::string_view name_of(role);

struct turn {
    role speaker = role::user;
    std::string text;
};

/// What a prompt is for. Models learn it from the text; the simulated provider from this.
enum class purpose { reply, title, summary };

struct prompt {
    std::string model;        ///< its id at the provider
    std::vector<turn> turns;  ///< system turns first
    std::int64_t max_tokens = 1024;
    std::optional<double> temperature;
    providers::purpose purpose = providers::purpose::reply;
    std::string api_version{};  ///< of the provider's API, where it has versions; empty: the provider's choice
};

struct token_count {
    std::int64_t in = 0;
    std::int64_t out = 0;
};

enum class finish { stop, length, filtered };

struct piece {
    std::string text;                   ///< may be empty
    std::optional<token_count> tokens;  ///< the provider's own count so far; the last one counts
    std::optional<finish> ended;        ///< set on the last piece
};

/// Pieces until one has `ended`; the error `interrupted` when the stream breaks off. Destroying it cancels the call.
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
    /// Returns when the provider has accepted the request. After `rate_limited`, the next request should wait for
    /// `retry_after()`.
    virtual awaitable<result<std::unique_ptr<chat_stream>>> start(prompt, time_limits) = 0;
    virtual milliseconds retry_after() const { return milliseconds{0}; }
    /// Requests something that needs the key but no model and costs nothing: whether chat requests can succeed now.
    virtual awaitable<result<>> probe(milliseconds) { co_return result<>{}; }
    /// Whether it is there without having been configured. Then it answers only requests for its models.
    virtual bool assumed() const { return false; }
};

/// In order of preference.
using provider_list = std::vector<std::unique_ptr<chat_provider>>;

/// The one of that name, which must be in the list.
chat_provider& provider_named(const provider_list&, std::string_view name);

}  // namespace airi::workers::providers

template <>
struct boost::system::is_error_code_enum<airi::workers::providers::errc> : std::true_type {};
