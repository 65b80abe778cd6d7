#include "platform/telemetry/tracing.hpp"

#include <doctest/doctest.h>

#include "platform/base/traceparent.hpp"
#include "platform/telemetry/otlp.hpp"
#include "platform/telemetry/span_queue.hpp"

using namespace airi;
using tracing::kind;

namespace {

const std::string trace = "0af7651916cd43dd8448eb211c80319c", parent = "b7ad6b7169203331";
const std::string sampled = "00-" + trace + "-" + parent + "-01";

// A queue that takes the place of an exporter's.
struct recording {
    explicit recording(std::size_t most = 10) : queue(most) { tracing::span_queue::set_current(&queue); }
    ~recording() { tracing::span_queue::set_current(nullptr); }
    std::vector<tracing::recorded_span> all() { return queue.take(milliseconds{0}, 100); }
    tracing::span_queue queue;
};

}  // namespace

TEST_CASE("STATEX-45: nothing is recorded without an exporter, nor in a trace that is not sampled") {
    CHECK_FALSE(tracing::enabled());
    CHECK_FALSE(tracing::child_of(sampled, "a", kind::server));
    recording r;
    CHECK(tracing::enabled());
    for (const auto& context : std::vector<std::string>{"00-" + trace + "-" + parent + "-00",
             "00-" + trace + "-" + parent + "-02", std::string(), std::string("00-x"),
             "01-" + trace + "-" + parent + "-01", sampled + "0", "00-" + trace + "-" + parent + "-0G"}) {
        CHECK_FALSE(tracing::is_sampled(context));
        auto span = tracing::child_of(context, "a", kind::server);
        CHECK_FALSE(span);
        CHECK(span.traceparent() == "");
        span.set("a", "b");
        span.failed("c");
    }
    CHECK(r.all().empty());
}

TEST_CASE("a child has the trace of its parent, a root the id that its traceparent names") {
    recording r;
    std::string below;
    {
        auto child = tracing::child_of(sampled, "child", kind::consumer);
        child.set("text", "x");
        child.set("number", 7);
        child.failed("refused");
        below = child.traceparent();
        const auto moved = std::move(child);
        const auto root = tracing::root_of(sampled, "root", kind::server);
    }
    const auto spans = r.all();
    REQUIRE(spans.size() == 2);
    CHECK((spans[0].name == "root" && spans[0].id == parent && spans[0].parent == ""));
    const auto& child = spans[1];
    CHECK((child.name == "child" && child.trace == trace && child.parent == parent && child.error == "refused"));
    CHECK(below == "00-" + trace + "-" + child.id + "-01");
    CHECK(child.id != parent);
    CHECK(child.ended >= child.began);
    REQUIRE(child.attributes.size() == 2);
    CHECK((child.attributes[1].is_number && child.attributes[1].number == 7));
}

TEST_CASE("a new traceparent is sampled as asked, and has ids of its own") {
    const auto one = new_traceparent(true), other = new_traceparent(false);
    CHECK(tracing::is_sampled(one));
    CHECK_FALSE(tracing::is_sampled(other));
    CHECK((one.size() == 55 && other.size() == 55));
    CHECK(one.substr(3, 49) != other.substr(3, 49));
}

TEST_CASE("STATEX-45: a share of 0.1 chooses about a tenth of the traces") {
    int chosen = 0;
    for (int i = 0; i < 10'000; ++i) chosen += tracing::chosen(0.1);
    CHECK((chosen > 850 && chosen < 1150));  // five standard deviations
    CHECK(tracing::chosen(1));
    CHECK_FALSE(tracing::chosen(0));
}

TEST_CASE("a full queue drops spans and counts them") {
    auto& dropped = metrics::counter_of("airi_trace_spans_dropped_total", "", {{"reason", "queue_full"}});
    const auto before = dropped.value();
    recording r(3);
    for (int i = 0; i < 5; ++i) tracing::child_of(sampled, std::to_string(i), kind::internal).end();
    CHECK(dropped.value() - before == 2);
    const auto kept = r.queue.take(milliseconds{0}, 2);
    REQUIRE(kept.size() == 2);
    CHECK(kept[0].name == "0");
    CHECK(r.all().size() == 1);
}

TEST_CASE("a request has ids in hexadecimal, enums as numbers and 64-bit numbers as strings") {
    tracing::recorded_span span{
        .trace = trace, .id = "00f067aa0ba902b7", .parent = parent, .name = "a \"b\"", .kind = kind::client};
    span.began = instant(std::chrono::microseconds(1'700'000'000'000'001));
    span.ended = span.began + milliseconds{5};
    span.attributes = {{"n", {}, 9'007'199'254'740'993, true}, {"t", "x"}};
    span.link = sampled;
    span.error = "again";
    CHECK(
        tracing::otlp_request({span}, "airi-chat", "chat-1") ==
        R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"airi-chat"}},)"
        R"({"key":"service.instance.id","value":{"stringValue":"chat-1"}}]},"scopeSpans":[{"scope":{"name":"airi"},)"
        R"("spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"00f067aa0ba902b7",)"
        R"("parentSpanId":"b7ad6b7169203331","name":"a \"b\"","kind":3,"startTimeUnixNano":"1700000000000001000",)"
        R"("endTimeUnixNano":"1700000000005001000","attributes":[{"key":"n","value":{"intValue":"9007199254740993"}},)"
        R"({"key":"t","value":{"stringValue":"x"}},{"key":"error.type","value":{"stringValue":"again"}}],)"
        R"("links":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331"}],"status":{"code":2}}],)"
        R"("schemaUrl":"https://opentelemetry.io/schemas/1.43.0"}]}]})");
}

TEST_CASE("an endpoint of another protocol is a mistake") {
    tracing::destination to;
    CHECK(to.mistakes().empty());
    to.endpoint = "https://collector.example.com:4318";
    CHECK(to.mistakes().empty());
    for (const auto* bad : {"collector:4318", "grpc://a", "file:///x"}) {
        to.endpoint = bad;
        CHECK(to.mistakes().size() == 1);
    }
}
