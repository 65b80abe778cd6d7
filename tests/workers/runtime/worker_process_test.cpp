#include "workers/runtime/worker_process.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <stdexcept>

#include "platform/base/sleep.hpp"
#include "tests/support/cpp/captured_log.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using namespace airi::workers;
using airi::test::contains;

namespace {

// No server is there; workers without a topic need none.
worker_settings without_servers(seconds drain = seconds{10}) {
    worker_settings out;
    out.database_url = secret("postgresql://nobody@127.0.0.1:1/none");
    out.database_connections = 1;
    out.drain = drain;
    return out;
}

milliseconds since(worker_host::clock::time_point begin) {
    return std::chrono::duration_cast<milliseconds>(worker_host::clock::now() - begin);
}

struct seen {
    int runs = 0, ends = 0;
};

awaitable<> wait_for_the_end(worker_host& host, seen& seen) {
    ++seen.runs;
    while (co_await host.pause(seconds{3600})) {
    }
    ++seen.ends;
}
awaitable<> signal_the_process() {
    raise(SIGTERM);
    co_return;
}
awaitable<> signal_while_draining(worker_host& host) {
    while (!host.draining()) co_await sleep(milliseconds{1});
    raise(SIGTERM);
}
awaitable<> raise_and_wait(worker_host& host, seen& seen) {
    co_await signal_the_process();
    co_await wait_for_the_end(host, seen);
}
awaitable<> throw_soon() {
    co_await sleep(milliseconds{1});
    throw std::runtime_error("out of yarn");
}
awaitable<> never_end() {
    for (;;) co_await sleep(milliseconds{10});
}
awaitable<> signal_and_never_end() {
    raise(SIGTERM);
    co_await never_end();
}
awaitable<> return_soon() { co_await sleep(milliseconds{1}); }

// Counts itself as long as it lives.
struct counted {
    explicit counted(std::string& log, std::string name) : log_(&log), name_(std::move(name)) {}
    counted(counted&& other) noexcept : log_(std::exchange(other.log_, nullptr)), name_(std::move(other.name_)) {}
    ~counted() {
        if (log_) *log_ += name_ + ' ';
    }
    std::string* log_;
    std::string name_;
};

awaitable<> hold(counted held) {
    raise(SIGTERM);
    for (;;) co_await sleep(milliseconds{10});
}

}  // namespace

TEST_CASE("at SIGTERM every worker of a process ends its pause and returns") {
    seen first, second;
    worker_process process("test", without_servers());
    process.add(
        "first", [&](worker_host& host) { host.set_work(task([&] { return wait_for_the_end(host, first); })); });
    process.add(
        "second", [&](worker_host& host) { host.set_work(task([&] { return raise_and_wait(host, second); })); });
    const auto begin = worker_host::clock::now();
    CHECK(process.run() == 0);
    CHECK(since(begin) < seconds{3});
    CHECK(first.runs == 1);
    CHECK(first.ends == 1);
    CHECK(second.ends == 1);
}

TEST_CASE("a second SIGTERM ends the time for work of a drain") {
    worker_process process("test", without_servers(seconds{30}));
    process.add("first", [&](worker_host& host) {
        host.set_work(task(signal_and_never_end));
        host.run_beside([&host] { return signal_while_draining(host); });
    });
    const auto begin = worker_host::clock::now();
    CHECK(process.run() == 0);
    CHECK(since(begin) < seconds{3});
}

TEST_CASE("a task beside a worker's work starts and drains with it, and its end is the worker's") {
    seen work, beside;
    worker_process process("test", without_servers());
    process.add("first", [&](worker_host& host) {
        host.set_work(task([&] { return wait_for_the_end(host, work); }));
        host.run_beside([&] { return raise_and_wait(host, beside); });
    });
    CHECK(process.run() == 0);
    CHECK(work.ends == 1);
    CHECK(beside.ends == 1);
    worker_process failing("test", without_servers());
    failing.add("second", [&](worker_host& host) {
        host.set_work(task([&] { return wait_for_the_end(host, work); }));
        host.run_beside(return_soon);
    });
    CHECK(failing.run() == 1);
    CHECK(work.ends == 2);
}

TEST_CASE("a worker that ends by itself ends its process with status 1, after the others are drained") {
    for (const auto& work : {task(throw_soon), task(return_soon)}) {
        const test::captured_log log;
        seen other;
        worker_process process("test", without_servers());
        process.add("tailor", [&](worker_host& host) { host.set_work(work); });
        process.add(
            "other", [&](worker_host& host) { host.set_work(task([&] { return wait_for_the_end(host, other); })); });
        CHECK(process.run() == 1);
        CHECK(other.ends == 1);
        CHECK(contains(log.lines(), R"("event":"worker.ended","worker":"tailor")"));
    }
}

TEST_CASE("the workers of a process drain side by side, within one DRAIN_SECONDS") {
    worker_process process("test", without_servers(seconds{1}));
    int released = 0;
    for (const auto* name : {"first", "second", "third"})
        process.add(name, [&](worker_host& host) {
            host.set_work(task(name == std::string_view("first") ? signal_and_never_end : never_end));
            host.on_drain_timeout([&released]() -> awaitable<> {
                ++released;
                return return_soon();
            });
        });
    const auto begin = worker_host::clock::now();
    CHECK(process.run() == 0);
    CHECK(since(begin) >= milliseconds{600});
    CHECK(since(begin) < milliseconds{1'500});
    CHECK(released == 3);
}

TEST_CASE("a worker's objects outlive its coroutines, and are destroyed in reverse order") {
    std::string destroyed;
    {
        worker_process process("test", without_servers(seconds{0}));
        process.add("tailor", [&](worker_host& host) {
            host.own(counted(destroyed, "first"));
            host.own(counted(destroyed, "second"));
            host.set_work(task([&] { return hold(counted(destroyed, "coroutine")); }));
        });
        CHECK(process.run() == 0);
    }
    CHECK(destroyed == "coroutine second first ");
}

TEST_CASE("a worker's loads precede its work, and a failed one is repeated") {
    int loads = 0, loads_before_work = 0;
    worker_process process("test", without_servers());
    process.add("tailor", [&](worker_host& host) {
        const auto load = [&]() -> awaitable<result<>> {
            struct call {
                static awaitable<result<>> run(int& loads) {
                    if (++loads == 1) co_return kafka::make_error_code(kafka::errc::unavailable);
                    co_return result<>{};
                }
            };
            return call::run(loads);
        };
        host.reload_every(load, seconds{3600});
        host.set_work(task([&] {
            loads_before_work = loads;
            return signal_and_never_end();
        }));
    });
    CHECK(process.run() == 0);
    CHECK(loads_before_work == 2);
}
