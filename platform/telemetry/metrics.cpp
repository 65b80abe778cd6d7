#include "platform/telemetry/metrics.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace airi::metrics {
namespace {

bool is_name(std::string_view text, bool colon_allowed) {
    const auto letter = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c == ':' && colon_allowed);
    };
    return !text.empty() && letter(text[0]) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
    for (char c : text) {
        if (c == '\\')
            out += "\\\\";
        else if (c == '\n')
            out += "\\n";
        else if (c == '"' && quotes)
            out += "\\\"";
        else
            out += c;
    }
}

// outcome="completed",worker="chat": sorted, so that the same labels in another order give the same metric.
std::string text_of(labels with) {
    std::sort(with.begin(), with.end());
    std::string out;
    for (const auto& [name, value] : with) {
        if (!is_name(name, false) || name.starts_with("__") || name == "le")
            throw std::invalid_argument("invalid label name: " + name);
        if (!out.empty()) out += ',';
        out += name + "=\"";
        append_escaped(out, value, true);
        out += '"';
    }
    return out;
}

template <class Metric, class Make>
Metric& find_or_make(std::map<std::string, std::unique_ptr<Metric>>& in, labels with, Make make) {
    auto& found = in[text_of(std::move(with))];
    if (!found) found = make();
    return *found;
}

template <class Value>
void append_sample(std::string& out, std::string_view name, std::string_view with, Value value) {
    out += name;
    if (!with.empty()) fmt::format_to(std::back_inserter(out), "{{{}}}", with);
    fmt::format_to(std::back_inserter(out), " {}\n", value);
}

// Prometheus' buckets are cumulative. The count is computed from the buckets, so that it equals the last one even while
// other threads are counting.
void append_histogram(
    std::string& out, const std::string& name, const std::string& labels, const histogram& histogram) {
    const auto start = name + "_bucket{" + labels + (labels.empty() ? "le=\"" : ",le=\"");
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
        sum += histogram.count(i);
        out += start;
        fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}\"}} {}\n"), histogram.bounds()[i], sum);
    }
    sum += histogram.count(histogram.bounds().size());
    out += start;
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("+Inf\"}} {}\n"), sum);
    append_sample(out, name + "_sum", labels, histogram.sum());
    append_sample(out, name + "_count", labels, sum);
}

}  // namespace

const std::vector<double> latency_bounds{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2, 2.5, 5, 7.5, 10};
const std::vector<double> call_bounds{
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
const std::vector<double> token_bounds{
    1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};

histogram::histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1)) {
    if (!std::is_sorted(bounds_.begin(), bounds_.end(), std::less_equal<>()))
        throw std::invalid_argument("the bounds of a histogram must be in ascending order");
}

void histogram::observe(double value) noexcept {
    const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
}

registry::family& registry::family_of(const std::string& name, std::string_view type, std::string_view help) {
    if (!is_name(name, true) || name.ends_with("_total") != (type == "counter"))
        throw std::invalid_argument(fmt::format("invalid name of a {}: {}", type, name));
    auto& found = families_[name];
    if (found.type.empty()) {
        found.type = type;
        found.help = help;
    }
    if (found.type != type) throw std::invalid_argument(fmt::format("{} is a {}", name, found.type));
    return found;
}

counter& registry::counter_of(const std::string& name, std::string_view help, labels with) {
    const std::scoped_lock held(lock_);
    auto& in = family_of(name, "counter", help).counters;
    return find_or_make(in, std::move(with), [] { return std::make_unique<counter>(); });
}

gauge& registry::gauge_of(const std::string& name, std::string_view help, labels with) {
    const std::scoped_lock held(lock_);
    auto& in = family_of(name, "gauge", help).gauges;
    return find_or_make(in, std::move(with), [] { return std::make_unique<gauge>(); });
}

histogram& registry::histogram_of(
    const std::string& name, std::string_view help, labels with, const std::vector<double>& bounds) {
    const std::scoped_lock held(lock_);
    auto& in = family_of(name, "histogram", help).histograms;
    return find_or_make(in, std::move(with), [&] { return std::make_unique<histogram>(bounds); });
}

std::string registry::text() const {
    const std::scoped_lock held(lock_);
    std::string out;
    for (const auto& [name, family] : families_) {
        out += "# HELP " + name + ' ';
        append_escaped(out, family.help, false);
        fmt::format_to(std::back_inserter(out), "\n# TYPE {} {}\n", name, family.type);
        for (const auto& [labels, metric] : family.counters) append_sample(out, name, labels, metric->value());
        for (const auto& [labels, metric] : family.gauges) append_sample(out, name, labels, metric->value());
        for (const auto& [labels, metric] : family.histograms) append_histogram(out, name, labels, *metric);
    }
    return out;
}

registry& all() {
    static registry instance;
    return instance;
}

}  // namespace airi::metrics
