// The port to a language model: a prompt in, a stream of text pieces out. Implementations in workers/providers/llm/.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
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

enum class role { system, user, assistant, tool };

/// "system", "user", "assistant" or "tool", as the APIs spell it.
std::string_view name_of(role);

/// One call of a tool that the model asks for.
struct tool_call {
    std::string id;         ///< by which its result names it
    std::string name;       ///< of the tool
    std::string arguments;  ///< as the model wrote them: meant to be a JSON object, not checked
};

/// The calls as `tool_calls` of a message of OpenAI's API.
std::string calls_json(const std::vector<tool_call>&);

/// A turn has text, an assistant's one calls too; a tool's is the result of the call `call_id`.
struct turn {
    role speaker = role::user;
    std::string text;
    std::vector<tool_call> calls{};
    std::string call_id{};
};

/// What a prompt is for. Models learn it from the text; the simulated provider from this.
enum class purpose { reply, title, summary };

struct prompt {
    std::string model;        ///< its id at the provider
    std::vector<turn> turns;  ///< system turns first
    std::int64_t max_tokens = 1024;
    std::int64_t cut_at =
        0;  ///< tokens by our count after which the reply is cut, whatever the provider does; 0: never
    std::optional<double> temperature{};
    std::size_t left_out = 0;  ///< older turns that had no room
    /// JSON object: the parameters of `passed_parameters` that the caller gave, as OpenAI's API spells them; or empty.
    std::string options{};
    providers::purpose purpose = providers::purpose::reply;
    std::string api_version{};  ///< of the provider's API, where it has versions; empty: the provider's choice
};

/// The parameters of a chat completion that go to the provider as the caller gave them, beside those of `prompt`.
inline constexpr std::array<std::string_view, 14> passed_parameters{"top_p", "stop", "seed", "presence_penalty",
    "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "reasoning_effort", "verbosity", "response_format",
    "tools", "tool_choice", "parallel_tool_calls"};

struct token_count {
    std::int64_t in = 0;
    std::int64_t out = 0;
    std::int64_t cached = 0;       ///< of `in`: read from the provider's cache
    std::int64_t reasoning = 0;    ///< of `out`: thought, not shown
    std::int64_t cache_write = 0;  ///< of `in`: written to the provider's cache

    token_count& operator+=(const token_count& other) {
        in += other.in;
        out += other.out;
        cached += other.cached;
        reasoning += other.reasoning;
        cache_write += other.cache_write;
        return *this;
    }
};

enum class finish { stop, length, filtered, tool_calls };

/// "stop", "length", "content_filter" or "tool_calls", as OpenAI's API spells it.
std::string_view name_of(finish);

/// A part of the call number `index` of a reply: its first part has the id and the name.
struct tool_call_piece {
    std::size_t index = 0;
    std::string id, name, arguments;
};

/// More calls than this in one reply are malformed.
inline constexpr std::size_t most_tool_calls = 128;

struct piece {
    std::string text;  ///< may be empty
    std::vector<tool_call_piece> calls{};
    std::string logprobs{};             ///< JSON objects of OpenAI's logprobs.content, separated by commas
    std::optional<token_count> tokens;  ///< the provider's own count so far; the last one counts
    std::string reported{};             ///< with `tokens`: the provider's usage as JSON, as it came; empty: not kept
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
    /// The first of the prompt's options that it cannot honour; empty: it honours all.
    virtual std::string_view lacks(const prompt&) const { return {}; }
    /// Requests something that needs the key but no model and costs nothing: whether chat requests can succeed now.
    virtual awaitable<result<>> probe(milliseconds) { co_return result<>{}; }
    /// Whether it is there without having been configured. Then it answers only requests for its models.
    virtual bool assumed() const { return false; }
};

/// In order of preference.
using provider_list = std::vector<std::unique_ptr<chat_provider>>;

/// The first of `names` that the options of the prompt have; empty: none.
std::string_view first_given(const prompt&, std::span<const std::string_view> names);

/// The one of that name, which must be in the list.
chat_provider& provider_named(const provider_list&, std::string_view name);

}  // namespace airi::workers::providers

template <>
struct boost::system::is_error_code_enum<airi::workers::providers::errc> : std::true_type {};
