#include "platform/base/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "platform/base/clock.hpp"
#include "platform/base/json.hpp"

namespace airi::log {
namespace {

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
    if (static_cast<int>(at) < lowest_written) return;
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
    auto text = std::move(line).text();
    text += '\n';
    if (target.sink) return target.sink(text);
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace airi::log
