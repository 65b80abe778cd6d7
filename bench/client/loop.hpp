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
    void add(int fd, ready& handler, bool write) { control(EPOLL_CTL_ADD, fd, &handler, write); }
    void change(int fd, ready& handler, bool write) { control(EPOLL_CTL_MOD, fd, &handler, write); }
    void remove(int fd) { control(EPOLL_CTL_DEL, fd, nullptr, false); }

    void at(steady::time_point time, std::function<void()> callback) { timers_.emplace(time, std::move(callback)); }
    void after(std::chrono::nanoseconds wait, std::function<void()> callback) {
        at(steady::now() + wait, std::move(callback));
    }

    void run();
    void stop() { stopped_ = true; }

private:
    void control(int operation, int fd, ready* handler, bool write);

    int poll_;
    bool stopped_ = false;
    std::multimap<steady::time_point, std::function<void()>> timers_;
};

}  // namespace airi::bench
