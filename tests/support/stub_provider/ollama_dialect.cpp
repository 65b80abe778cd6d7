#include <utility>

#include <fmt/format.h>

#include "tests/support/stub_provider/dialect.hpp"
#include "tests/support/stub_provider/refusal.hpp"

namespace airi::stub_provider {
namespace {

// One JSON document a line: https://github.com/ollama/ollama/blob/main/docs/api.md
class ollama final : public dialect {
public:
    explicit ollama(const exchange& what) : what_(what), model_(json_string(what.model)) {}

    std::string_view content_type(bool stream) const override {
        return stream ? "application/x-ndjson" : "application/json; charset=utf-8";
    }

    void opening(body_writer&) override {}

    void token(body_writer& target, std::string_view text) override {
        if (what_.calls.any()) return call_token(target, text);
        line_ = head();
        line_.append(R"("message":{"role":"assistant","content":")");
        append_escaped(line_, text);
        line_.append(R"("},"done":false)");
        if (std::exchange(first_, false) && what_.plan.usage == usage_mode::first) {
            line_.append(",").append(counts(what_.says.count()));
        }
        line_.append("}");
        target.line(line_);
    }

    void closing(body_writer& target, std::size_t sent) override {
        if (what_.plan.usage != usage_mode::twice_decreasing) return;
        target.line(
            fmt::format(R"({}"message":{{"role":"assistant","content":""}},"done":false,{}}})", head(), counts(sent)));
    }

    void done(body_writer& target, std::size_t sent) override { target.line(last("", sent)); }
    void error(body_writer& target) override { target.line(stream_error_body(what_)); }
    void ping(body_writer& target) override { target.line(""); }

    void unknown(body_writer& target) override {
        target.line(head() + R"("novelty":{"a":[1,2.5e3,null]},"done":false})");
    }

    void event(body_writer& target, std::string_view payload) override { target.line(payload); }
    std::string whole() override { return last(what_.says.text(what_.says.count()), what_.says.count()); }

private:
    // A call comes whole, in one line.
    void call_token(body_writer& target, std::string_view text) {
        const auto part = what_.calls.part(told_++, what_.says.count(), text);
        arguments_ += part.arguments;
        if (!part.ends) return;
        target.line(fmt::format(R"({}"message":{{"role":"assistant","content":"","tool_calls":[{{"function":)"
                                R"({{"name":{},"arguments":{}}}}}]}},"done":false}})",
            head(), json_string(what_.calls.name(part.call)), std::exchange(arguments_, {})));
    }

    std::string head() const {
        return fmt::format(R"({{"model":{},"created_at":"{}",)", model_, rfc3339(wall_clock::now()));
    }

    std::string counts(std::size_t sent) const {
        return fmt::format(R"("prompt_eval_count":{},"prompt_eval_duration":46000000,"eval_count":{},)"
                           R"("eval_duration":{})",
            what_.prompt_tokens, sent, 1'000'000 + sent * 1'000'000);
    }

    std::string last(std::string_view text, std::size_t sent) const {
        const usage_mode mode = what_.plan.usage;
        const std::size_t told = mode == usage_mode::twice_decreasing ? sent / 2 : sent;
        const bool counted = mode != usage_mode::none && mode != usage_mode::first;
        std::string content;
        append_escaped(content, text);
        return fmt::format(R"({}"message":{{"role":"assistant","content":"{}"}},"done_reason":"{}","done":true,)"
                           R"("total_duration":{},"load_duration":15000000{}}})",
            head(), content, what_.says.was_cut() ? "length" : "stop", 62'000'000 + sent * 1'000'000,
            counted ? "," + counts(told) : "");
    }

    const exchange& what_;
    std::string model_;
    std::string line_, arguments_;
    std::size_t told_ = 0;
    bool first_ = true;
};

}  // namespace

std::unique_ptr<dialect> ollama_dialect(const exchange& what) { return std::make_unique<ollama>(what); }

}  // namespace airi::stub_provider
