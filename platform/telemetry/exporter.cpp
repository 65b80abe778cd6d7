#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <thread>

#include "platform/base/log.hpp"
#include "platform/base/number.hpp"
#include "platform/base/percent.hpp"
#include "platform/base/sleep.hpp"
#include "platform/base/split.hpp"
#include "platform/http/client.hpp"
#include "platform/telemetry/otlp.hpp"
#include "platform/telemetry/span_queue.hpp"

namespace airi::tracing {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_waiting = 4096, most_sent = 512;
constexpr milliseconds pause{1'000}, request_limit{2'000};
constexpr seconds first_retry{1}, longest_retry{30};
constexpr int most_attempts = 4;

bool has_control(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

// A header whose value is not percent-encoded or has a control character is left out.
http::headers headers_of(std::string_view list) {
    http::headers out{{"Content-Type", "application/json"}};
    for (const auto part : split(list, ',')) {
        const auto at = part.find('=');
        if (at == part.npos || at == 0) continue;
        auto value = percent_decoded(trimmed(part.substr(at + 1)));
        if (value && !has_control(*value)) out.emplace_back(trimmed(part.substr(0, at)), std::move(*value));
    }
    return out;
}

// True for the statuses after which OTLP allows a request to be repeated.
bool may_pass(unsigned status) { return status == 429 || status == 502 || status == 503 || status == 504; }

}  // namespace

std::vector<std::string> destination::mistakes() const {
    if (endpoint.empty() || endpoint.starts_with("http://") || endpoint.starts_with("https://")) return {};
    return {"OTEL_EXPORTER_OTLP_ENDPOINT must begin with http:// or https://"};
}

struct exporter::state {
    state(const destination& to, std::string_view program, std::string_view instance)
        : url(to.endpoint + (to.endpoint.ends_with('/') ? "v1/traces" : "/v1/traces")),
          headers(headers_of(to.headers.reveal())),
          program(program),
          instance(instance) {}

    // The pause before the next attempt; none when the collector has the spans, or refuses them for good.
    awaitable<std::optional<milliseconds>> send(const std::string& body) {
        const http::limits limits{request_limit, request_limit, request_limit, request_limit, 16 * 1024, 64 * 1024};
        auto answer = co_await client->send({"POST", url, headers, body, limits});
        if (!answer) {
            log::write_repeated(log::level::warn, "traces.not_sent", url, {{"error", answer.error().message()}});
            co_return first_retry;
        }
        const auto status = (*answer)->status();
        const auto after = number_of((*answer)->header("retry-after"));
        static_cast<void>(co_await (*answer)->read_all(limits.body_bytes));
        if (status < 300) {
            delivered = true;
            co_return std::nullopt;
        }
        log::write_repeated(log::level::warn, "traces.not_sent", url, {{"status", status}});
        if (!may_pass(status)) co_return std::nullopt;
        co_return seconds{std::clamp<std::int64_t>(after, first_retry.count(), longest_retry.count())};
    }

    awaitable<> send_all() {
        while (true) {
            const auto closing = waiting.closed();
            const auto spans = waiting.take(pause, most_sent);
            if (spans.empty() && closing) co_return;
            if (spans.empty()) continue;
            const auto body = otlp_request(spans, program, instance);
            delivered = false;
            for (int attempt = 1; attempt <= most_attempts; ++attempt) {
                const auto retry = co_await send(body);
                if (!retry || waiting.closed()) break;
                for (auto left = *retry; left.count() > 0 && !waiting.closed(); left -= milliseconds{100})
                    co_await sleep(milliseconds{100});
            }
            if (delivered)
                exported.add(spans.size());
            else
                waiting.drop(spans.size());
            if (closing && !delivered) co_return;
        }
    }

    void run() {
        asio::io_context loop(1);
        client = http::open_client(loop.get_executor());
        asio::co_spawn(loop, send_all(), [&](const std::exception_ptr& thrown) {
            if (thrown) log::error("traces.ended");
            loop.stop();
        });
        loop.run();
        client.reset();
    }

    const std::string url;
    const http::headers headers;
    const std::string program, instance;
    span_queue waiting{most_waiting};
    metrics::counter& exported =
        metrics::counter_of("airi_trace_spans_exported_total", "Spans that a collector has taken.");
    std::unique_ptr<http::client> client;
    bool delivered = false;
    std::thread thread;
};

exporter::exporter(const destination& to, std::string_view program, std::string_view instance) {
    if (to.endpoint.empty()) return;
    state_ = std::make_unique<state>(to, program, instance);
    span_queue::set_current(&state_->waiting);
    state_->thread = std::thread([state = state_.get()] { state->run(); });
}

exporter::~exporter() {
    if (!state_) return;
    state_->waiting.close();
    state_->thread.join();
    span_queue::set_current(nullptr);
}

}  // namespace airi::tracing
