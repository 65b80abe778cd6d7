#include "gateway/transport/listener.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "platform/base/log.hpp"

namespace airi::gateway {
namespace asio = boost::asio;
using asio::ip::tcp;
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr int backlog = 4096;
constexpr int shed_batch = 64;
constexpr std::string_view too_many_connections =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 129\r\n"
    "Retry-After: 5\r\nConnection: close\r\n\r\n"
    R"({"success":false,"error":{"code":"TOO_MANY_CONNECTIONS","message":"too many open connections","details":null},)"
    R"("request_id":null})"
    "\n";
constexpr milliseconds shed_pause{20};
constexpr milliseconds failure_pause{100};

bool no_descriptor(const error_code& ec) {
    return ec == asio::error::no_descriptors || ec == boost::system::errc::too_many_files_open_in_system;
}

}  // namespace

listener::listener(const executor& executor, std::shared_ptr<session_host> host,
    std::shared_ptr<connection_limits> limits, session_starter start_session)
    : acceptor_(executor),
      pause_(executor),
      host_(std::move(host)),
      limits_(std::move(limits)),
      start_session_(std::move(start_session)) {
    const tcp::endpoint endpoint(asio::ip::make_address(host_->options.address), host_->options.port);
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    const int yes = 1;
    if (::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) != 0)
        throw boost::system::system_error(errno, boost::system::system_category(), "SO_REUSEPORT");
    error_code taken;
    acceptor_.bind(endpoint, taken);
    if (taken) throw boost::system::system_error(taken, fmt::format("cannot listen on port {}", endpoint.port()));
    acceptor_.listen(backlog);
    acceptor_.non_blocking(true);
    take_reserve();
}

listener::~listener() {
    if (reserve_ >= 0) ::close(reserve_);
}

unsigned short listener::port() const { return acceptor_.local_endpoint().port(); }

void listener::start() { asio::co_spawn(acceptor_.get_executor(), accept_all(shared_from_this()), asio::detached); }

void listener::stop() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
}

awaitable<> listener::accept_all(std::shared_ptr<listener> self) {
    while (self->acceptor_.is_open()) {
        tcp::endpoint peer;
        auto [ec, socket] = co_await self->acceptor_.async_accept(peer, quietly);
        if (!ec) {
            self->admit(std::move(socket), peer);
            continue;
        }
        if (ec == asio::error::operation_aborted || ec == asio::error::connection_aborted) continue;
        const bool starved = no_descriptor(ec);
        if (starved)
            self->shed();
        else
            log::warn("gateway.accept_failed", {{"error", ec.message()}});
        self->pause_.expires_after(starved ? shed_pause : failure_pause);
        co_await self->pause_.async_wait(quietly);
    }
}

void listener::admit(tcp::socket socket, const tcp::endpoint& peer) {
    auto permit = limits_->enter(peer.address(), host_->proxies.contains(peer.address()));
    if (!permit) {
        add(host_->counters.connections_refused);
        // The send buffer of a new socket is empty and takes this without waiting.
        error_code ignored;
        socket.non_blocking(true, ignored);
        socket.write_some(asio::buffer(too_many_connections), ignored);
        return;
    }
    add(host_->counters.connections_accepted);
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    try {
        start_session_(host_, std::move(socket), std::move(*permit));
    } catch (const std::exception& e) {
        log::error("gateway.fault", {{"what", e.what()}});
    }
}

// Frees the reserve descriptor for a moment, so that clients are closed at once instead of waiting in the backlog,
// where they would also keep the acceptor readable for ever.
void listener::shed() {
    if (reserve_ < 0) return take_reserve();
    ::close(reserve_);
    reserve_ = -1;
    for (int i = 0; i < shed_batch; ++i) {
        const int client = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client < 0) break;
        add(host_->counters.connections_refused);
        ::close(client);
    }
    take_reserve();
}

void listener::take_reserve() { reserve_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace airi::gateway
