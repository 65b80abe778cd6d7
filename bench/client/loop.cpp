#include "bench/client/loop.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace airi::bench {

loop::loop() : poll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (poll_ < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
}

loop::~loop() { ::close(poll_); }

void loop::control(int operation, int fd, ready* handler, bool write) {
    epoll_event event{};
    event.events = EPOLLIN | (write ? std::uint32_t{EPOLLOUT} : 0u);
    event.data.ptr = handler;
    epoll_ctl(poll_, operation, fd, &event);
}

void loop::run() {
    std::array<epoll_event, 256> events;
    stopped_ = false;
    while (!stopped_) {
        auto left = std::chrono::nanoseconds(std::chrono::seconds(1));
        if (!timers_.empty())
            left =
                std::max(std::chrono::nanoseconds(0), std::chrono::nanoseconds(timers_.begin()->first - steady::now()));
        const timespec wait{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
        const int count = epoll_pwait2(poll_, events.data(), events.size(), &wait, nullptr);
        for (int i = 0; i < count && !stopped_; ++i) {
            auto& handler = *static_cast<ready*>(events[static_cast<std::size_t>(i)].data.ptr);
            const auto flags = events[static_cast<std::size_t>(i)].events;
            if (flags & EPOLLOUT) handler.writable();
            if (flags & (EPOLLIN | EPOLLHUP | EPOLLERR)) handler.readable();
        }
        for (const auto now = steady::now(); !stopped_ && !timers_.empty() && timers_.begin()->first <= now;) {
            auto callback = std::move(timers_.begin()->second);
            timers_.erase(timers_.begin());
            callback();
        }
    }
}

}  // namespace airi::bench
