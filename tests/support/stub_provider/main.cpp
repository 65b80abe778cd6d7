#include <sys/resource.h>

#include <charconv>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/support/stub_provider/answer.hpp"

namespace {

namespace asio = boost::asio;
namespace stub_provider = airi::stub_provider;

using asio::ip::tcp;

struct options {
    std::string host = "127.0.0.1";
    unsigned short port = 0;
};

std::optional<options> options_of(int argc, char** argv) {
    options out;
    for (int i = 1; i < argc; i += 2) {
        const std::string_view name = argv[i];
        if (i + 1 == argc) return std::nullopt;
        const std::string_view value = argv[i + 1];
        if (name == "--host") {
            out.host = value;
        } else if (name != "--port" || std::from_chars(value.data(), value.data() + value.size(), out.port).ptr !=
                                           value.data() + value.size()) {
            return std::nullopt;
        }
    }
    return out;
}

void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

stub_provider::awaitable<void> accept_all(tcp::acceptor* acceptor, stub_provider::journal* records) {
    asio::steady_timer pause(acceptor->get_executor());
    while (acceptor->is_open()) {
        boost::system::error_code failed;
        tcp::socket socket = co_await acceptor->async_accept(asio::redirect_error(asio::use_awaitable, failed));
        if (failed) {
            // Out of descriptors: accepting again at once would only spin.
            pause.expires_after(std::chrono::milliseconds(50));
            co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, failed));
            continue;
        }
        auto client = std::make_shared<stub_provider::connection>(std::move(socket));
        co_spawn(acceptor->get_executor(), stub_provider::serve(std::move(client), records), asio::detached);
    }
}

void run(const options& with) {
    raise_file_limit();
    asio::io_context context{1};
    stub_provider::journal records;
    const tcp::endpoint where(asio::ip::make_address(with.host), with.port);
    tcp::acceptor acceptor(context, where.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(where);
    acceptor.listen(4096);
    co_spawn(context, accept_all(&acceptor, &records), asio::detached);
    asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&context](const boost::system::error_code&, int) { context.stop(); });
    std::printf("listening on %u\n", static_cast<unsigned>(acceptor.local_endpoint().port()));
    std::fflush(stdout);
    context.run();
}

}  // namespace

int main(int argc, char** argv) {
    const auto with = options_of(argc, argv);
    if (!with) {
        std::fprintf(stderr, "usage: airi-stub-provider [--port N] [--host ADDRESS]\n");
        return 2;
    }
    try {
        run(*with);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "airi-stub-provider: %s\n", e.what());
        return 2;
    }
    return 0;
}
