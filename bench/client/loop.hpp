// A single-threaded event loop over epoll, small enough not to dominate the measurement.
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <functional>
#include <map>

namespace airi::bench {

using steady = std::chrono::steady_clock;

class loop {
public:
    /// The handler of a descriptor. It must outlive the loop's run.
    class ready {
    public:
        virtual ~ready() = default;
        virtual void readable() = 0;
        virtual void writable() = 0;
    };

    loop();
    ~loop();
    loop(const loop&) = delete;

    /// Level-triggered; reports writability only when `write` is set.
    void add(int fd, ready& who, bool write) { control(EPOLL_CTL_ADD, fd, &who, write); }
    void change(int fd, ready& who, bool write) { control(EPOLL_CTL_MOD, fd, &who, write); }
    void remove(int fd) { control(EPOLL_CTL_DEL, fd, nullptr, false); }

    void at(steady::time_point when, std::function<void()> what) { timers_.emplace(when, std::move(what)); }
    void after(std::chrono::nanoseconds wait, std::function<void()> what) { at(steady::now() + wait, std::move(what)); }

    void run();
    void stop() { stopped_ = true; }

private:
    void control(int what, int fd, ready* who, bool write);

    int poll_;
    bool stopped_ = false;
    std::multimap<steady::time_point, std::function<void()>> timers_;
};

}  // namespace airi::bench
