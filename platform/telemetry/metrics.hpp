// Counters, gauges and histograms in Prometheus' text format, published by the admin server and the gateway. Labels are
// fixed when a metric is created, so counting is one atomic addition.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace airi::metrics {

using labels = std::vector<std::pair<std::string, std::string>>;

/// Never decreases. Names end in _total.
class alignas(64) counter {
public:
    void add(std::uint64_t count = 1) noexcept { value_.fetch_add(count, std::memory_order_relaxed); }
    /// For a total that is counted elsewhere, and shown here.
    void set_total(std::uint64_t total) noexcept { value_.store(total, std::memory_order_relaxed); }
    std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

class alignas(64) gauge {
public:
    void set(std::int64_t to) noexcept { value_.store(to, std::memory_order_relaxed); }
    void add(std::int64_t count) noexcept { value_.fetch_add(count, std::memory_order_relaxed); }
    std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_{0};
};

/// Bounds in seconds, for requests: those of OpenTelemetry's conventions, and 2 s, the product's alert threshold.
extern const std::vector<double> latency_bounds;
/// Bounds in seconds, for the calls of a model, and in tokens, for their sizes: those of the conventions.
extern const std::vector<double> call_bounds, token_bounds;

class alignas(64) histogram {
public:
    explicit histogram(std::vector<double> bounds);

    void observe(double value) noexcept;
    const std::vector<double>& bounds() const noexcept { return bounds_; }
    /// The number of values in bucket `i`, whose upper bound is bounds()[i]; the last bucket has none.
    std::uint64_t count(std::size_t i) const noexcept { return counts_[i].load(std::memory_order_relaxed); }
    double sum() const noexcept { return sum_.load(std::memory_order_relaxed); }

private:
    std::vector<double> bounds_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
    std::atomic<double> sum_{0};
};

/// Owns its metrics. The same name and labels give the same metric. Throws std::invalid_argument for a name that is
/// used for two kinds of metric or that Prometheus does not allow.
class registry {
public:
    counter& counter_of(const std::string& name, std::string_view help, labels with = {});
    gauge& gauge_of(const std::string& name, std::string_view help, labels with = {});
    histogram& histogram_of(const std::string& name, std::string_view help, labels with = {},
        const std::vector<double>& bounds = latency_bounds);
    /// Text exposition format 0.0.4, families sorted by name.
    std::string text() const;

private:
    struct family {
        std::string_view type;
        std::string help;
        std::map<std::string, std::unique_ptr<counter>> counters;  // by their label text
        std::map<std::string, std::unique_ptr<gauge>> gauges;
        std::map<std::string, std::unique_ptr<histogram>> histograms;
    };
    family& family_of(const std::string& name, std::string_view type, std::string_view help);

    mutable std::mutex lock_;
    std::map<std::string, family> families_;
};

/// The registry of the process, and its three functions: store the reference in a static or a member.
registry& all();
inline counter& counter_of(const std::string& name, std::string_view help, labels with = {}) {
    return all().counter_of(name, help, std::move(with));
}
inline gauge& gauge_of(const std::string& name, std::string_view help, labels with = {}) {
    return all().gauge_of(name, help, std::move(with));
}
inline histogram& histogram_of(const std::string& name, std::string_view help, labels with = {},
    const std::vector<double>& bounds = latency_bounds) {
    return all().histogram_of(name, help, std::move(with), bounds);
}

constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace airi::metrics
