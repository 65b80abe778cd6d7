#include <fmt/format.h>

#include "tests/support/stub_provider/dialect.hpp"
#include "tests/support/stub_provider/refusal.hpp"

namespace airi::stub_provider {
namespace {

// Messages API events: https://docs.anthropic.com/en/api/messages-streaming
class anthropic final : public dialect {
public:
    explicit anthropic(const exchange& what) : what_(what), id_("msg_01" + fresh_hex(22)) {}

    std::string_view content_type(bool stream) const override {
        return stream ? "text/event-stream; charset=utf-8" : "application/json";
    }

    void opening(body_writer& target) override {
        const usage_mode mode = what_.plan.usage;
        const std::size_t known = mode == usage_mode::first ? what_.says.count() : 1;
        target.sse(
            "message_start", fmt::format(R"({{"type":"message_start","message":{{{},"content":[],"stop_reason":null,)"
                                         R"("stop_sequence":null{}}}}})",
                                 head(), mode == usage_mode::none ? "" : "," + full_usage(known)));
        if (!what_.calls.any())
            target.sse("content_block_start",
                R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})");
        ping(target);
    }

    void token(body_writer& target, std::string_view text) override {
        if (what_.calls.any()) return call_token(target, text);
        line_.assign(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")");
        append_escaped(line_, text);
        line_.append(R"("}})");
        target.sse("content_block_delta", line_);
    }

    void closing(body_writer& target, std::size_t sent) override {
        if (!what_.calls.any()) target.sse("content_block_stop", R"({"type":"content_block_stop","index":0})");
        const usage_mode mode = what_.plan.usage;
        message_delta(target, sent, mode != usage_mode::none && mode != usage_mode::first);
        if (mode == usage_mode::twice_decreasing) message_delta(target, sent / 2, true);
    }

    void done(body_writer& target, std::size_t) override { target.sse("message_stop", R"({"type":"message_stop"})"); }
    void error(body_writer& target) override { target.sse("error", stream_error_body(what_)); }
    void ping(body_writer& target) override { target.sse("ping", R"({"type": "ping"})"); }

    void unknown(body_writer& target) override {
        target.chunk(
            "id: 17\nretry: 3000\n: a comment\nevent: future_event\ndata: {\"type\":\"future_event\",\n"
            "data: \"novelty\":{\"a\":[1,2.5e3,null]}}\n\n");
    }

    void event(body_writer& target, std::string_view payload) override { target.sse("content_block_delta", payload); }

    std::string whole() override {
        const std::size_t sent = what_.says.count();
        std::string text;
        append_escaped(text, what_.says.text(sent));
        return fmt::format(
            R"({{{},"content":[{{"type":"text","text":"{}"}}],"stop_reason":"{}","stop_sequence":null{}}})", head(),
            text, stop_reason(), what_.plan.usage == usage_mode::none ? "" : "," + full_usage(sent));
    }

private:
    std::string head() const {
        return fmt::format(
            R"("model":{},"id":"{}","type":"message","role":"assistant")", json_string(what_.model), id_);
    }

    std::string full_usage(std::size_t sent) const {
        return fmt::format(R"("usage":{{"input_tokens":{},"cache_creation_input_tokens":0,"cache_read_input_tokens":0,)"
                           R"("output_tokens":{},"service_tier":"standard"}})",
            what_.prompt_tokens, sent);
    }

    std::string_view stop_reason() const {
        if (what_.says.was_cut()) return "max_tokens";
        return what_.calls.any() ? "tool_use" : "end_turn";
    }

    // Each call is a block of its own.
    void call_token(body_writer& target, std::string_view text) {
        const auto part = what_.calls.part(told_++, what_.says.count(), text);
        if (part.begins)
            target.sse("content_block_start",
                fmt::format(R"({{"type":"content_block_start","index":{},"content_block":{{"type":"tool_use",)"
                            R"("id":"toolu_01{}","name":{},"input":{{}}}}}})",
                    part.call, fresh_hex(22), json_string(what_.calls.name(part.call))));
        target.sse("content_block_delta",
            fmt::format(R"({{"type":"content_block_delta","index":{},"delta":{{"type":"input_json_delta",)"
                        R"("partial_json":{}}}}})",
                part.call, json_string(part.arguments)));
        if (part.ends)
            target.sse("content_block_stop", fmt::format(R"({{"type":"content_block_stop","index":{}}})", part.call));
    }

    void message_delta(body_writer& target, std::size_t sent, bool with_usage) {
        target.sse("message_delta",
            fmt::format(R"({{"type":"message_delta","delta":{{"stop_reason":"{}","stop_sequence":null}}{}}})",
                stop_reason(), with_usage ? fmt::format(R"(,"usage":{{"output_tokens":{}}})", sent) : std::string{}));
    }

    const exchange& what_;
    std::string id_;
    std::string line_;
    std::size_t told_ = 0;
};

}  // namespace

std::unique_ptr<dialect> anthropic_dialect(const exchange& what) { return std::make_unique<anthropic>(what); }

}  // namespace airi::stub_provider
