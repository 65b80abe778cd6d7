#include <fmt/format.h>

#include "tests/support/stub_provider/dialect.hpp"
#include "tests/support/stub_provider/refusal.hpp"

namespace airi::stub_provider {
namespace {

constexpr std::string_view filter_results =
    R"({"hate":{"filtered":false,"severity":"safe"},"self_harm":{"filtered":false,"severity":"safe"},)"
    R"("sexual":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}})";

// chat.completion.chunk objects; Azure's content filter, Groq's x_groq and Ollama's fixed names are added
// here
class openai final : public dialect {
public:
    explicit openai(const exchange& what)
        : what_(what),
          id_(what.vendor == provider::ollama ? "chatcmpl-" + fresh_hex(3) : "chatcmpl-" + fresh_hex(29)),
          head_(head_of("chat.completion.chunk")),
          usage_wanted_(what.include_usage || what.plan.usage_given) {}

    std::string_view content_type(bool stream) const override {
        if (!stream) return "application/json";
        return what_.vendor == provider::openai || what_.vendor == provider::azure ? "text/event-stream; charset=utf-8"
                                                                                   : "text/event-stream";
    }

    void opening(body_writer& target) override {
        if (what_.vendor == provider::azure) {
            target.sse(
                "", fmt::format(R"({{"choices":[],"created":0,"id":"","model":"","object":"",)"
                                R"("prompt_filter_results":[{{"prompt_index":0,"content_filter_results":{}}}]}})",
                        filter_results));
        }
        const bool usage_now = what_.plan.usage == usage_mode::first;
        const std::string_view refusal_field = has_refusal() ? R"(,"refusal":null)" : "";
        target.sse("", fmt::format(R"({}"choices":[{{"index":0,"delta":{{"role":"assistant","content":""{}}},)"
                                   R"("logprobs":null,"finish_reason":null}}]{}{}}})",
                           head_, refusal_field, usage_now ? usage(what_.says.count()) : no_usage(), groq_id()));
    }

    void token(body_writer& target, std::string_view text) override {
        if (what_.calls.any()) return call_token(target, text);
        line_.assign(head_).append(R"("choices":[{"index":0,)");
        if (what_.vendor == provider::azure) {
            line_.append(R"("content_filter_results":)").append(filter_results).append(",");
        }
        line_.append(R"("delta":{"content":")");
        append_escaped(line_, text);
        line_.append(R"("},"logprobs":null,"finish_reason":null}])").append(no_usage()).append("}");
        target.sse("", line_);
    }

    void closing(body_writer& target, std::size_t sent) override {
        const usage_mode mode = what_.plan.usage;
        std::string tail = mode == usage_mode::with_choices ? usage(sent) : std::string(no_usage());
        if (what_.vendor == provider::groq && mode != usage_mode::none) {
            tail += fmt::format(R"(,"x_groq":{{"id":"{}"{}}})", what_.request_id, groq_usage(sent));
        }
        target.sse("",
            fmt::format(R"({}"choices":[{{"index":0,{}"delta":{{}},"logprobs":null,"finish_reason":"{}"}}]{}}})", head_,
                what_.vendor == provider::azure ? R"("content_filter_results":{},)" : "", finish_reason(), tail));
        if (!usage_wanted_) return;
        if (mode == usage_mode::last || mode == usage_mode::twice_decreasing) usage_chunk(target, sent);
        if (mode == usage_mode::twice_decreasing) usage_chunk(target, sent / 2);
    }

    void done(body_writer& target, std::size_t) override { target.sse("", "[DONE]"); }

    void error(body_writer& target) override {
        target.sse(what_.vendor == provider::groq ? "error" : "", stream_error_body(what_));
    }

    void ping(body_writer& target) override { target.sse_comment("keep-alive"); }

    void unknown(body_writer& target) override {
        target.chunk(
            "id: 17\nretry: 3000\n: a comment\nevent: future.event\ndata: {\"object\":\"future.chunk\",\n"
            "data: \"choices\":[],\"novelty\":{\"a\":[1,2.5e3,null]}}\n\n");
    }

    void event(body_writer& target, std::string_view payload) override { target.sse("", payload); }

    std::string whole() override {
        const std::size_t sent = what_.says.count();
        std::string content;
        append_escaped(content, what_.says.text(sent));
        std::string extra = what_.plan.usage == usage_mode::none ? std::string{} : usage(sent);
        if (what_.vendor == provider::azure) {
            extra += fmt::format(
                R"(,"prompt_filter_results":[{{"prompt_index":0,"content_filter_results":{}}}])", filter_results);
        }
        return fmt::format(R"({}"choices":[{{"index":0,{}"message":{{"role":"assistant","content":"{}"{}}},)"
                           R"("logprobs":null,"finish_reason":"{}"}}]{}{}}})",
            head_of("chat.completion"),
            what_.vendor == provider::azure ? fmt::format(R"("content_filter_results":{},)", filter_results) : "",
            content, has_refusal() ? R"(,"refusal":null,"annotations":[])" : "", finish_reason(), extra, groq_id());
    }

private:
    std::string head_of(std::string_view object) const {
        std::string extra;
        if (what_.vendor == provider::openai) extra = R"("service_tier":"default",)";
        return fmt::format(R"({{"id":"{}","object":"{}","created":{},"model":{},{}"system_fingerprint":"{}",)", id_,
            object, unix_seconds(what_.began), json_string(what_.model), extra,
            what_.vendor == provider::ollama ? "fp_ollama" : "fp_57db37749c");
    }

    bool has_refusal() const { return what_.vendor == provider::openai || what_.vendor == provider::azure; }
    std::string_view finish_reason() const {
        if (what_.says.was_cut()) return "length";
        return what_.calls.any() ? "tool_calls" : "stop";
    }

    // The first part of a call has its id and name, the others the next bytes of the arguments.
    void call_token(body_writer& target, std::string_view text) {
        const auto part = what_.calls.part(told_++, what_.says.count(), text);
        const auto arguments = json_string(part.arguments);
        const auto call = part.begins
                              ? fmt::format(R"({{"index":{},"id":"call_{}","type":"function","function":{{"name":{},)"
                                            R"("arguments":{}}}}})",
                                    part.call, fresh_hex(24), json_string(what_.calls.name(part.call)), arguments)
                              : fmt::format(R"({{"index":{},"function":{{"arguments":{}}}}})", part.call, arguments);
        target.sse("", fmt::format(R"({}"choices":[{{"index":0,"delta":{{"tool_calls":[{}]}},"logprobs":null,)"
                                   R"("finish_reason":null}}]{}}})",
                           head_, call, no_usage()));
    }

    // With include_usage every chunk but the last contains "usage":null; Groq and Ollama omit it.
    std::string_view no_usage() const { return what_.include_usage && has_refusal() ? R"(,"usage":null)" : ""; }

    std::string counts(std::size_t sent) const {
        return fmt::format(R"("prompt_tokens":{},"completion_tokens":{},"total_tokens":{})", what_.prompt_tokens, sent,
            what_.prompt_tokens + sent);
    }

    std::string usage(std::size_t sent) const {
        if (what_.vendor == provider::groq) return R"(,"usage":{)" + groq_counts(sent) + "}";
        if (what_.vendor == provider::ollama) return R"(,"usage":{)" + counts(sent) + "}";
        return fmt::format(R"(,"usage":{{{},"prompt_tokens_details":{{"cached_tokens":0,"audio_tokens":0}},)"
                           R"("completion_tokens_details":{{"reasoning_tokens":0,"audio_tokens":0,)"
                           R"("accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}})",
            counts(sent));
    }

    std::string groq_counts(std::size_t sent) const {
        return fmt::format(R"("queue_time":0.0184,"prompt_time":0.0021,"completion_time":0.0134,)"
                           R"("total_time":0.0155,{})",
            counts(sent));
    }

    std::string groq_usage(std::size_t sent) const {
        return what_.plan.usage == usage_mode::last || what_.plan.usage == usage_mode::with_choices
                   ? R"(,"usage":{)" + groq_counts(sent) + "}"
                   : "";
    }

    std::string groq_id() const {
        return what_.vendor == provider::groq ? fmt::format(R"(,"x_groq":{{"id":"{}"}})", what_.request_id) : "";
    }

    void usage_chunk(body_writer& target, std::size_t sent) {
        target.sse("", fmt::format(R"({}"choices":[]{}}})", head_, usage(sent)));
    }

    const exchange& what_;
    std::string id_;
    std::string head_;
    bool usage_wanted_;
    std::string line_;
    std::size_t told_ = 0;
};

}  // namespace

std::unique_ptr<dialect> openai_dialect(const exchange& what) { return std::make_unique<openai>(what); }

std::unique_ptr<dialect> dialect_for(const exchange& what) {
    if (what.vendor == provider::anthropic) return anthropic_dialect(what);
    if (what.ndjson) return ollama_dialect(what);
    return openai_dialect(what);
}

}  // namespace airi::stub_provider
