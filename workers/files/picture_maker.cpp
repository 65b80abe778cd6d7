#include "workers/files/picture_maker.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <csignal>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>

#include "platform/base/error_table.hpp"
#include "platform/base/log.hpp"
#include "platform/base/spawn.hpp"

namespace airi::workers::files {
namespace {

using clock = std::chrono::steady_clock;

constexpr error_row<errc> error_rows[] = {
    {errc::refused, "not a picture that may be shown", failure::refused},
    {errc::interrupted, "airi-picture did not end in time", failure::again},
    {errc::not_run, "airi-picture could not be run", failure::outage},
};

constexpr std::string_view ready = "ready\n";
constexpr std::size_t most_bytes = 512 * 1024, most_output = most_bytes + 100;
constexpr std::int64_t most_pixels = 2048;

class descriptor {
public:
    explicit descriptor(int fd = -1) : fd_(fd) {}
    descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~descriptor() { close(); }
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    int get() const { return fd_; }

private:
    int fd_;
};

struct pipe_ends {
    descriptor read, write;
};

std::optional<pipe_ends> open_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
    return pipe_ends{descriptor(ends[0]), descriptor(ends[1])};
}

struct child {
    pid_t pid = -1;
    descriptor input, output;  // of the program
};

std::optional<child> start(const std::string& program) {
    auto input = open_pipe(), output = open_pipe();
    if (!input || !output) return std::nullopt;
    child out;
    // Of libvips: without the modules of a dozen formats more, and without machine code that it makes itself.
    out.pid = spawn({.program = program,
        .environment = {"VIPSHOME=/nonexistent", "VIPS_NOVECTOR=1"},
        .input = input->read.get(),
        .output = output->write.get()});
    if (out.pid < 0) return std::nullopt;
    out.input = std::move(input->write);
    out.output = std::move(output->read);
    fcntl(out.input.get(), F_SETFL, O_NONBLOCK);
    fcntl(out.output.get(), F_SETFL, O_NONBLOCK);
    return out;
}

// Writes `bytes` and reads what it prints into `out`; false when it is not at an end in time, prints too much, or
// `stopped` can be read.
bool converse(child& with, std::string_view bytes, clock::time_point until, int stopped, std::string& out) {
    char part[65'536];
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(until - clock::now()).count();
        if (left <= 0 || out.size() > most_output) return false;
        // poll() passes over a descriptor of -1: one that is closed.
        pollfd waits[]{{with.output.get(), POLLIN, 0}, {stopped, POLLIN, 0}, {with.input.get(), POLLOUT, 0}};
        if (poll(waits, std::size(waits), static_cast<int>(left)) < 0 && errno != EINTR) return false;
        if (waits[1].revents != 0) return false;
        if (waits[2].revents != 0) {
            const auto written = write(with.input.get(), bytes.data(), bytes.size());
            // One that has decided early reads no further.
            if (written < 0 && errno != EAGAIN) bytes = {};
            if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
            if (bytes.empty()) with.input.close();
        }
        if (waits[0].revents == 0) continue;
        const auto got = read(with.output.get(), part, sizeof part);
        if (got == 0) return true;
        if (got > 0) out.append(part, static_cast<std::size_t>(got));
        if (got < 0 && errno != EAGAIN && errno != EINTR) return false;
    }
}

int end_of(const child& ended, bool answered) {
    if (!answered) kill(ended.pid, SIGKILL);
    int status = 0;
    while (waitpid(ended.pid, &status, 0) < 0 && errno == EINTR);
    return status;
}

// It is not believed either: a hostile picture may have taken it over.
result<picture> read_answer(const std::string& answer) {
    const auto end = answer.find('\n');
    if (end == answer.npos) return errc::refused;
    picture out;
    std::istringstream head(answer.substr(0, end));
    head >> out.media_type >> out.width >> out.height;
    out.bytes = answer.substr(end + 1);
    const auto in_bounds = [](std::int64_t side) { return side >= 1 && side <= most_pixels; };
    const bool known =
        out.media_type == "image/jpeg" || out.media_type == "image/png" || out.media_type == "image/webp";
    if (!head || !known || !in_bounds(out.width) || !in_bounds(out.height) || out.bytes.size() > most_bytes)
        return errc::refused;
    return out;
}

class program_picture_maker final : public picture_maker {
public:
    program_picture_maker(std::string program, std::size_t threads, seconds deadline)
        : program_(std::move(program)), deadline_(deadline), stop_(open_pipe()), threads_(threads) {
        // A program that ends before it has read everything must not end this one.
        std::signal(SIGPIPE, SIG_IGN);
    }
    ~program_picture_maker() override {
        if (stop_) stop_->write.close();
        threads_.stop();
        threads_.join();
    }

    awaitable<result<picture>> make(std::string bytes) override {
        return from_callback<result<picture>>([this, bytes = std::move(bytes)](auto resume) mutable {
            boost::asio::post(threads_,
                [this, bytes = std::move(bytes), resume = std::move(resume)]() mutable { resume(run(bytes)); });
        });
    }

private:
    result<picture> run(std::string_view bytes) const {
        auto running = stop_ ? start(program_) : std::nullopt;
        if (!running) {
            log::error("files.not_run", {{"program", program_}});
            return errc::not_run;
        }
        std::string answer;
        const bool ended = converse(*running, bytes, clock::now() + deadline_, stop_->read.get(), answer);
        const int status = end_of(*running, ended);
        if (ended && !answer.starts_with(ready)) {
            log::error("files.not_run", {{"program", program_}, {"status", status}});
            return errc::not_run;
        }
        if (ended && status == 0) return read_answer(answer.substr(ready.size()));
        log::info("files.refused", {{"status", status}, {"in_time", ended}});
        // A crash and a limit of its own are the picture's fault; this machine's load and memory are not.
        const bool too_much = answer.size() > most_output;
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !too_much ? errc::interrupted : errc::refused;
    }

    const std::string program_;
    const seconds deadline_;
    std::optional<pipe_ends> stop_;
    boost::asio::thread_pool threads_;
};

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.files", error_rows);
    return table.code(e);
}

std::unique_ptr<picture_maker> open_picture_maker(std::string program, std::size_t threads, seconds deadline) {
    return std::make_unique<program_picture_maker>(std::move(program), threads, deadline);
}

}  // namespace airi::workers::files
