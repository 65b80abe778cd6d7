#include "platform/base/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "platform/base/clock.hpp"
#include "platform/base/json.hpp"

namespace airi::log {
namespace {

using std::chrono::steady_clock;

struct settings {
    std::mutex lock;
    std::string program = "airi";
    std::function<void(std::string_view)> sink;
};
settings& current() {
    static settings instance;
    return instance;
}
std::atomic<int> lowest_written{static_cast<int>(level::info)};

constexpr std::string_view names[] = {"debug", "info", "warn", "error"};

bool is_secret_name(std::string_view name) {
    for (auto part : {"password", "secret", "token", "authorization", "api_key", "cookie", "content"})
        if (name.find(part) != std::string_view::npos) return true;
    return false;
}

bool is_written(level at) { return static_cast<int>(at) >= lowest_written; }

void write_line(level at, std::string_view event, fields with, std::int64_t left_out) {
    auto& target = current();
    json::object line;
    line.add("time", to_text(now())).add("level", names[static_cast<int>(at)]);
    const std::scoped_lock held(target.lock);
    line.add("service", target.program).add("event", event);
    for (const auto& f : with) {
        if (is_secret_name(f.name) && std::holds_alternative<std::string>(f.content))
            line.add(f.name, "***");
        else
            std::visit([&](const auto& v) { line.add(f.name, v); }, f.content);
    }
    if (left_out > 0) line.add("not_logged", left_out);
    auto text = std::move(line).text();
    text += '\n';
    if (target.sink) return target.sink(text);
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

// When each repeated line was last written, and how many were left out since.
class repetition_table {
public:
    /// The number of lines left out before this one, which is to be written; none when it is left out too.
    std::optional<std::int64_t> admit(std::string line) {
        const auto now = steady_clock::now();
        const std::scoped_lock held(lock_);
        auto& [next, left_out] = lines_[std::move(line)];
        if (now < next) {
            ++left_out;
            return std::nullopt;
        }
        next = now + seconds(1);
        return std::exchange(left_out, 0);
    }

private:
    struct state {
        steady_clock::time_point next{};
        std::int64_t left_out = 0;
    };
    std::mutex lock_;
    std::unordered_map<std::string, state> lines_;
};
repetition_table& repetitions() {
    static repetition_table instance;
    return instance;
}

}  // namespace

void start(std::string_view program, std::string_view lowest) {
    auto& with = current();
    const std::scoped_lock held(with.lock);
    with.program = program;
    const auto found = std::find(std::begin(names), std::end(names), lowest);
    lowest_written = found == std::end(names) ? 1 : static_cast<int>(found - std::begin(names));
}

void send_to(std::function<void(std::string_view)> sink) {
    auto& with = current();
    const std::scoped_lock held(with.lock);
    with.sink = std::move(sink);
}

void write(level at, std::string_view event, fields with) {
    if (is_written(at)) write_line(at, event, with, 0);
}

void write_repeated(level at, std::string_view event, std::string_view key, fields with) {
    if (!is_written(at)) return;
    if (const auto left_out = repetitions().admit(std::string(event).append(1, '\0').append(key)))
        write_line(at, event, with, *left_out);
}

}  // namespace airi::log
