#include "platform/http/pool.hpp"

#include <algorithm>

namespace airi::http {
namespace {

// How late a deadline may be noticed. One timer per client: a timer per read costs more than the read.
constexpr milliseconds tick_length{100};

}  // namespace

pool::pool(executor on, client_options with) : on_(on), with_(std::move(with)), timer_(on) {}

std::shared_ptr<connection> pool::take(const std::string& pool_key) {
    const auto found = idle_.find(pool_key);
    if (found == idle_.end()) return nullptr;
    auto& list = found->second;
    while (!list.empty()) {
        auto on = std::move(list.back().on);
        list.pop_back();
        if (!on->closed_for() && on->is_quiet()) return on;
        on->close(errc::cut);
    }
    idle_.erase(found);
    return nullptr;
}

std::shared_ptr<connection> pool::make(const std::string& pool_key) {
    auto made = std::make_shared<connection>(on_, pool_key, with_.unix_socket);
    watched_.push_back(made);
    keep_ticking();
    return made;
}

void pool::give_back(std::shared_ptr<connection> done) {
    done->set_deadline(moment::max(), errc::cancelled);
    auto& list = idle_[done->pool_key()];
    if (closed_ || list.size() >= with_.idle_per_host) return done->close(errc::cancelled);
    list.push_back({std::move(done), std::chrono::steady_clock::now() + with_.idle_for});
}

void pool::close() {
    closed_ = true;
    idle_.clear();
    timer_.cancel();
}

void pool::keep_ticking() {
    if (ticking_) return;
    ticking_ = true;
    timer_.expires_after(tick_length);
    timer_.async_wait([weak = weak_from_this()](error_code) {
        if (const auto self = weak.lock()) self->tick();
    });
}

void pool::tick() {
    ticking_ = false;
    const auto now = std::chrono::steady_clock::now();
    for (auto& [key, list] : idle_) std::erase_if(list, [&](const idle& each) { return now >= each.until; });
    std::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
    std::erase_if(watched_, [&](const std::weak_ptr<connection>& each) {
        const auto on = each.lock();
        if (on) on->enforce(now);
        return !on || on->closed_for();
    });
    if (!watched_.empty()) keep_ticking();
}

}  // namespace airi::http
