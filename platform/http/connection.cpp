#include "platform/http/connection.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <functional>

namespace airi::http {
namespace asio = boost::asio;
using asio::generic::stream_protocol;
using asio::ip::tcp;
using unix_protocol = asio::local::stream_protocol;

namespace {

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

}  // namespace

struct trust::state {
    asio::ssl::context context{asio::ssl::context::tls_client};
};

trust::trust() : state_(std::make_unique<state>()) {
    auto& context = state_->context;
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    error_code ignored;
    context.set_default_verify_paths(ignored);
    // With SSL_CERT_FILE set, the line above reads that file instead of the system's own.
    context.load_verify_file(X509_get_default_cert_file(), ignored);
    ERR_clear_error();
    context.set_verify_mode(asio::ssl::verify_peer);
}
trust::~trust() = default;

struct connection::tls_layer {
    asio::ssl::stream<stream_protocol::socket&> stream;
};

// Held by the resolver's handler alone (the connection only points at it), so that a context destroyed in the
// middle of a look-up frees the waiting coroutine.
struct connection::resolving {
    tcp::resolver resolver;
    std::function<void(std::pair<error_code, addresses>)> resume;
};

connection::connection(executor on, std::string pool_key, std::string unix_socket)
    : socket_(on), pool_key_(std::move(pool_key)), unix_socket_(std::move(unix_socket)) {}
connection::~connection() = default;

// getaddrinfo cannot be interrupted: on a close the coroutine goes on at once and the look-up's late answer
// is ignored.
awaitable<std::pair<error_code, connection::addresses>> connection::resolve(std::string host, std::string port) {
    auto held = std::make_shared<resolving>(resolving{tcp::resolver(socket_.get_executor()), {}});
    resolving_ = held;
    return from_callback<std::pair<error_code, addresses>>(
        [held, host = std::move(host), port = std::move(port)](auto done) {
            held->resume = std::move(done);
            held->resolver.async_resolve(host, port, [held](error_code ec, addresses found) {
                if (auto resume = std::exchange(held->resume, {})) resume({ec, std::move(found)});
            });
        });
}

awaitable<error_code> connection::open_unix() {
    if (unix_socket_.size() >= sizeof(sockaddr_un::sun_path)) co_return errc::bad_url;
    const auto [ec] = co_await socket_.async_connect(unix_protocol::endpoint(unix_socket_), as_values);
    if (closed_for_) co_return closed_for_;
    if (ec == asio::error::operation_aborted) co_return errc::cancelled;
    co_return ec ? error_code(errc::unreachable) : error_code{};
}

awaitable<error_code> connection::open(url to, std::shared_ptr<const trust> with) {
    const auto self = shared_from_this();
    if (!unix_socket_.empty()) co_return to.tls ? error_code(errc::bad_url) : co_await open_unix();
    error_code ec;
    addresses found;
    const auto literal = asio::ip::make_address(to.host, ec);
    const bool is_literal = !ec;
    if (is_literal) {
        const tcp::endpoint at(literal, static_cast<asio::ip::port_type>(std::stoul(to.port)));
        found = addresses::create(at, to.host, to.port);
    } else {
        std::tie(ec, found) = co_await resolve(to.host, to.port);
        if (closed_for_) co_return closed_for_;
        if (ec) co_return errc::unreachable;
    }
    ec = asio::error::host_not_found;
    for (const auto& entry : found) {
        error_code ignored;
        socket_.close(ignored);
        socket_.open(entry.endpoint().protocol(), ec);
        if (!ec) std::tie(ec) = co_await socket_.async_connect(entry.endpoint(), as_values);
        if (closed_for_) co_return closed_for_;
        if (!ec || ec == asio::error::operation_aborted) break;
    }
    if (ec == asio::error::operation_aborted) co_return errc::cancelled;
    if (ec) co_return errc::unreachable;
    socket_.set_option(tcp::no_delay(true), ec);
    if (!to.tls) co_return error_code{};

    tls_ = std::make_unique<tls_layer>(
        tls_layer{asio::ssl::stream<stream_protocol::socket&>(socket_, with->settings().context)});
    auto& stream = tls_->stream;
    if (!is_literal && !SSL_set_tlsext_host_name(stream.native_handle(), to.host.c_str())) co_return errc::tls_failed;
    stream.set_verify_callback(asio::ssl::host_name_verification(to.host), ec);
    std::tie(ec) = co_await stream.async_handshake(asio::ssl::stream_base::client, as_values);
    if (closed_for_) co_return closed_for_;
    if (ec == asio::error::operation_aborted) co_return errc::cancelled;
    if (ec) co_return errc::tls_failed;
    co_return error_code{};
}

awaitable<std::tuple<error_code, std::size_t>> connection::read_some(asio::mutable_buffer into) {
    if (tls_) return tls_->stream.async_read_some(into, as_values);
    return socket_.async_read_some(into, as_values);
}

awaitable<std::tuple<error_code, std::size_t>> connection::write(std::array<asio::const_buffer, 2> what) {
    if (tls_) return asio::async_write(tls_->stream, what, as_values);
    return asio::async_write(socket_, what, as_values);
}

void connection::set_deadline(moment by, errc why) {
    by_ = by;
    why_ = why;
}

void connection::enforce(moment now) {
    if (now >= by_) close(why_);
}

void connection::close(errc why) {
    if (closed_for_) return;
    closed_for_ = why;
    error_code ignored;
    socket_.close(ignored);
    if (const auto held = resolving_.lock())
        if (auto resume = std::exchange(held->resume, {})) resume({closed_for_, addresses{}});
}

bool connection::is_quiet() {
    char byte;
    const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace airi::http
