#include "workers/gaming/process_driver.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <cctype>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <utility>

#include "platform/base/clock.hpp"
#include "platform/base/sleep.hpp"
#include "platform/base/spawn.hpp"

namespace airi::workers::gaming {
namespace {

using boost::asio::ip::tcp;

constexpr seconds grace{10};
constexpr std::string_view server_variable = "AIRI_SERVER_ID", pool_variable = "AIRI_SERVER_POOL";

template <class Int>
std::optional<Int> whole(std::string_view text) {
    Int out = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return out;
}

std::string text_of(pid_t pid, std::string_view file) {
    std::ifstream in(fmt::format("/proc/{}/{}", pid, file), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::optional<process_handle> handle_of(pid_t pid) {
    const auto stat = read_stat(text_of(pid, "stat"));
    if (!stat) return std::nullopt;
    return process_handle{pid, stat->start};
}

// One of ours that has ended stays a zombie until it is waited for.
bool runs(const process_handle& one) {
    ::waitpid(one.pid, nullptr, WNOHANG);
    const auto stat = read_stat(text_of(one.pid, "stat"));
    return stat && stat->start == one.start && stat->state != 'Z' && stat->state != 'X';
}

struct labelled {
    process_handle process;
    uuid pool, server;
};

// Those of our user whose environment has the ids: the servers and what they have started.
std::vector<labelled> all_labelled() {
    std::vector<labelled> out;
    std::error_code failed;
    for (std::filesystem::directory_iterator at("/proc", failed), end; !failed && at != end; at.increment(failed)) {
        const auto pid = whole<pid_t>(at->path().filename().native());
        if (!pid) continue;
        const auto variables = text_of(*pid, "environ");
        const auto pool = uuid::parse(variable_of(variables, pool_variable));
        const auto server = uuid::parse(variable_of(variables, server_variable));
        const auto process = pool && server ? handle_of(*pid) : std::nullopt;
        if (process && runs(*process)) out.push_back({*process, *pool, *server});
    }
    return out;
}

result<int> free_port(const executor& executor) {
    error_code ec;
    tcp::acceptor probe(executor);
    probe.open(tcp::v4(), ec);
    if (!ec) probe.bind({tcp::v4(), 0}, ec);
    if (ec) return ec;
    const auto at = probe.local_endpoint(ec);
    if (ec) return ec;
    return static_cast<int>(at.port());
}

class process_driver final : public server_driver {
public:
    process_driver(airi::executor executor, process_options options)
        : executor_(std::move(executor)), options_(std::move(options)) {}

    std::string_view name() const override { return "process"; }

    awaitable<result<std::string>> place() override {
        char name[256] = {};
        if (::gethostname(name, sizeof name - 1) != 0) co_return error_code(errno, boost::system::system_category());
        co_return std::string(name);
    }

    awaitable<result<running_server>> start(uuid pool, uuid server) override {
        const auto port = free_port(executor_);
        if (!port) co_return port.error();
        std::istringstream in(options_.command);
        std::vector<std::string> words(std::istream_iterator<std::string>(in), {});
        spawn_options what;
        what.program = words.empty() ? std::string{} : words.front();
        if (!words.empty()) what.arguments.assign(words.begin() + 1, words.end());
        what.environment = {fmt::format("PORT={}", *port), "VERSION=" + options_.version,
            fmt::format("{}={}", server_variable, server.text()), fmt::format("{}={}", pool_variable, pool.text())};
        what.own_session = true;
        const auto pid = spawn(what);
        const auto handle = pid > 0 ? handle_of(pid) : std::nullopt;
        if (!handle) co_return boost::system::errc::make_error_code(boost::system::errc::no_such_file_or_directory);
        co_return running_server{handle->text(), options_.address, *port};
    }

    awaitable<result<bool>> is_running(std::string handle) override {
        const auto process = process_handle::parse(handle);
        co_return process&& runs(*process);
    }

    awaitable<result<>> stop(uuid server, std::string handle) override {
        auto left = processes_of(server, handle);
        const auto until = std::chrono::steady_clock::now() + grace;
        for (int sent = 0; !left.empty(); left = processes_of(server, handle)) {
            const bool late = std::chrono::steady_clock::now() > until;
            if (late || sent == 0) {
                sent = late ? SIGKILL : SIGTERM;
                for (const auto& each : left) ::kill(each.pid, sent);
                if (late && std::chrono::steady_clock::now() > until + grace)
                    co_return boost::system::errc::make_error_code(boost::system::errc::timed_out);
            }
            co_await sleep(milliseconds{200});
        }
        co_return result<>{};
    }

    awaitable<result<std::vector<uuid>>> list(uuid pool) override {
        std::vector<uuid> out;
        for (const auto& each : all_labelled())
            if (each.pool == pool && std::ranges::find(out, each.server) == out.end()) out.push_back(each.server);
        co_return out;
    }

private:
    // The handle is for a server that has overwritten its environment.
    static std::vector<process_handle> processes_of(const uuid& server, std::string_view handle) {
        std::vector<process_handle> out;
        for (const auto& each : all_labelled())
            if (each.server == server) out.push_back(each.process);
        const auto named = process_handle::parse(handle);
        if (out.empty() && named && runs(*named)) out.push_back(*named);
        return out;
    }

    airi::executor executor_;
    process_options options_;
};

}  // namespace

std::string process_handle::text() const { return fmt::format("{}@{}", pid, start); }

std::optional<process_handle> process_handle::parse(std::string_view text) {
    const auto at = text.find('@');
    if (at == text.npos) return std::nullopt;
    const auto pid = whole<pid_t>(text.substr(0, at));
    const auto start = whole<std::uint64_t>(text.substr(at + 1));
    if (!pid || !start || *pid <= 1) return std::nullopt;
    return process_handle{*pid, *start};
}

std::optional<process_stat> read_stat(std::string_view text) {
    const auto name_end = text.rfind(')');
    if (name_end == text.npos) return std::nullopt;
    std::istringstream fields{std::string(text.substr(name_end + 1))};
    const std::vector<std::string> words(std::istream_iterator<std::string>(fields), {});
    if (words.size() < 20 || words[0].size() != 1) return std::nullopt;
    const auto start = whole<std::uint64_t>(words[19]);
    if (!start) return std::nullopt;
    return process_stat{words[0][0], *start};
}

std::string_view variable_of(std::string_view variables, std::string_view name) {
    while (!variables.empty()) {
        const auto one = variables.substr(0, variables.find('\0'));
        if (one.size() > name.size() && one.starts_with(name) && one[name.size()] == '=')
            return one.substr(name.size() + 1);
        variables.remove_prefix(std::min(one.size() + 1, variables.size()));
    }
    return {};
}

std::unique_ptr<server_driver> open_process_driver(airi::executor executor, process_options options) {
    return std::make_unique<process_driver>(std::move(executor), std::move(options));
}

}  // namespace airi::workers::gaming
