#include "platform/http/pool.hpp"

#include <algorithm>

namespace airi::http {
namespace {

// How late a deadline may be noticed. One timer per client: a timer per read costs more than the read.
constexpr milliseconds tick_length{100};

}  // namespace

pool::pool(executor on, client_options with) : x_on(on), x_with(with), x_timer(on) {}

std::shared_ptr<connection> pool::take(const std::string& pool_key) {
    const auto found = x_idle.find(pool_key);
    if (found == x_idle.end()) return nullptr;
    auto& list = found->second;
    while (!list.empty()) {
        auto on = std::move(list.back().on);
        list.pop_back();
        if (!on->closed_for() && on->is_quiet()) return on;
        on->close(errc::cut);
    }
    x_idle.erase(found);
    return nullptr;
}

std::shared_ptr<connection> pool::make(const std::string& pool_key) {
    auto made = std::make_shared<connection>(x_on, pool_key);
    x_watched.push_back(made);
    keep_ticking();
    return made;
}

void pool::give_back(std::shared_ptr<connection> done) {
    done->set_deadline(moment::max(), errc::cancelled);
    auto& list = x_idle[done->pool_key()];
    if (x_closed || list.size() >= x_with.idle_per_host) return done->close(errc::cancelled);
    list.push_back({std::move(done), std::chrono::steady_clock::now() + x_with.idle_for});
}

void pool::close() {
    x_closed = true;
    x_idle.clear();
    x_timer.cancel();
}

void pool::keep_ticking() {
    if (x_ticking) return;
    x_ticking = true;
    x_timer.expires_after(tick_length);
    x_timer.async_wait([weak = weak_from_this()](error_code) {
        if (const auto self = weak.lock()) self->tick();
    });
}

void pool::tick() {
    x_ticking = false;
    const auto now = std::chrono::steady_clock::now();
    for (auto& [key, list] : x_idle) std::erase_if(list, [&](const idle& each) { return now >= each.until; });
    std::erase_if(x_idle, [](const auto& entry) { return entry.second.empty(); });
    std::erase_if(x_watched, [&](const std::weak_ptr<connection>& each) {
        const auto on = each.lock();
        if (on) on->enforce(now);
        return !on || on->closed_for();
    });
    if (!x_watched.empty()) keep_ticking();
}

}  // namespace airi::http
